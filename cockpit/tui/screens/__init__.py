"""The screens: the run, its dialogs, help and the whole log; each with its style sheet beside it."""
