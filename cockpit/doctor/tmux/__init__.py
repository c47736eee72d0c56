"""The tmux that one sits in: the settings that matter to a cockpit."""
