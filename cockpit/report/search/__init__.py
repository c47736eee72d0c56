"""Lines and sentences of logs that somebody asks for."""
