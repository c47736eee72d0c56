"""Whether an account, its host, terminal and store are fit for a production night, and what mends what is not.

What is there is looked at (lookers: thin, they change nothing) and judged (pure, from frozen values); the two are kept
apart, so that every judgement is tested without the world. Nothing of a profile is run, and nothing is sent anywhere
but to the terminal that one stands on and, if it is named, to the store.
"""
