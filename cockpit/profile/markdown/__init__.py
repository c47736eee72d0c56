"""A profile as a runbook in Markdown, for reviewers and wikis, that `cockpit import` reads again.

Pure. Invariant: what is text in the profile is text in the document: no title, cell or condition can begin a heading, a
link, HTML or a cell of its own. No value of a secret is in it: profiles hold none.
"""
