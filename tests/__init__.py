"""The tests of amlgit: laws over generated documents, tables, and real git in temporary folders."""
