"""How Sphinx reads the pages; `docs/build.py` starts it."""

from amlgit import __version__

project = "amlgit"
author = "the amlgit authors"
project_copyright = f"2026, {author}"
version = release = __version__

extensions = ["myst_parser", "sphinx_copybutton"]
source_suffix = {".md": "markdown"}
root_doc = "index"
nitpicky = True

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4

smartquotes = False  # output and options are told as they are
highlight_language = "text"
copybutton_prompt_text = "$ "
copybutton_copy_empty_lines = False

html_theme = "furo"
html_title = f"amlgit {release}"
html_static_path = ["_static"]
html_css_files = ["amlgit.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5cad", "color-brand-content": "#0b5cad", "color-brand-visited": "#5b3f9c"},
    "dark_css_variables": {"color-brand-primary": "#6cb2ff", "color-brand-content": "#6cb2ff", "color-brand-visited": "#b9a3f0"},
}
