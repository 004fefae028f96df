"""One verb = one file = one function that returns a report; nothing here prints, prompts or exits.

What several verbs share lies in the folders.
"""
