"""The documentation site: Sphinx, its theme, and how the pages that are notebooks are run."""

import os
import re
import shutil
import tomllib
from pathlib import Path

import jupytext
from docutils import nodes

HERE = Path(__file__).parent
PROJECT = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCE = PROJECT["urls"]["Source"]

project = "kmeans-core"
author = "The kmeans-core developers"
project_copyright = f"2026, {author}"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_nb",
    "sphinx_design",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "_ipython", "**.ipynb_checkpoints"]
templates_path = ["_templates"]

# Pages ----------------------------------------------------------------------------------------

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
copybutton_exclude = ".linenos, .gp, .go"  # neither prompts nor output

# Notebooks: a page whose front matter names a kernel is run. An error or a warning in it ends the
# build.
nb_execution_mode = "cache"
nb_execution_timeout = 120
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_output_stderr = "error"
nb_merge_streams = True
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
os.environ["IPYTHONDIR"] = str(HERE / "_ipython")  # sharp pictures

# Reference ------------------------------------------------------------------------------------

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# Looks ----------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "kmeans-core"
html_sidebars = {"index": [], "gallery": []}  # they have no pages below them
html_static_path = ["_static"]
html_favicon = "_static/icon.svg"
html_logo = "_static/icon.svg"
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_show_sourcelink = False
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system is
html_theme_options = {
    "github_url": SOURCE,
    "logo": {"text": "kmeans-core", "alt_text": ""},
    "navbar_align": "left",
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc", "notebook-link"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def outside(page, path):
    """The address of a file in the repository, or None if the file is a page of the site."""
    target = (page.parent / path).resolve()
    if target.is_relative_to(HERE) or not target.exists():
        return None
    return f"{SOURCE}/blob/main/{target.relative_to(HERE.parent).as_posix()}"


# What lies between two lines of backticks, with them.
FENCE = re.compile(r"^(```.*?^```$)", flags=re.M | re.DOTALL)


def change_prose(change, text):
    """The text, changed outside of its blocks of code."""
    parts = FENCE.split(text)
    parts[::2] = map(change, parts[::2])
    return "".join(parts)


def change_source(app, docname, source):
    """Links to files outside of this folder lead to the repository; those to HTML stay as they are.

    Sphinx would copy these files into a folder of downloads. A block of examples is shown without
    the empty line that doctest needs at its end.
    """
    page = Path(app.env.doc2path(docname))

    def address(link):
        text, path, anchor = link[1], link[2], link[3] or ""
        if path.endswith(".html") and "://" not in path:
            return f'<a href="{path}{anchor.replace("&", "&amp;")}">{text}</a>'
        return f"[{text}]({outside(page, path) or path}{anchor})"

    def linked(prose):
        return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+)(#[^)\s]+)?\)", address, prose)

    text = FENCE.sub(lambda block: re.sub(r"\n+```$", "\n```", block[0]), source[0])
    source[0] = change_prose(linked, text)


def copy_pages(app, exception):
    """Pages that are HTML already."""
    if exception is None and app.builder.format == "html":
        for page in HERE.glob("learn/*.html"):
            shutil.copy(page, Path(app.outdir) / page.relative_to(HERE))


def describe_pictures(app, doctree, docname):
    """Say what the picture of a cell is; the name of its file would be read aloud instead."""
    for output in doctree.findall(nodes.container):
        if "cell_output" in output["classes"]:
            for image in output.findall(nodes.image):
                image["alt"] = "Picture of the cell above. The text beside it says what it shows."


def mend_animations(app, doctree, docname):
    """Matplotlib's animations: their parts get names, and the theme's symbols, not the web's."""
    for html in doctree.findall(nodes.raw):
        if "_anim_img" in (text := html.astext()):
            text = re.sub(r'<link rel="stylesheet"\s+href="http[^>]+>', "", text)
            text = text.replace("<img id=", '<img alt="One step of the animation." id=')
            text = text.replace("<input id=", '<input aria-label="Step" id=', 1)
            html.children[:] = [nodes.Text(text)]
            html.rawsource = text


def notebook_of(page):
    """The page as a notebook, or None if nothing of it is run."""
    text = page.read_text(encoding="utf-8")
    if not text.startswith("---\nfile_format: mystnb\n"):
        return None
    notebook = jupytext.reads(text, fmt="md:myst")
    # Cells with this tag check what the text says, and are not shown on the page.
    notebook.cells = [
        cell for cell in notebook.cells if "remove-cell" not in cell.metadata.get("tags", [])
    ]
    for cell in notebook.cells:
        if "hide-cell" in cell.metadata.get("tags", []):  # folded in JupyterLab too
            cell.metadata["jupyter"] = {"source_hidden": True, "outputs_hidden": True}
    # A notebook is read far from the pages beside it.
    here = f"{SOURCE}/blob/main/{page.parent.relative_to(HERE.parent).as_posix()}"

    def linked(prose):
        return re.sub(r"\]\((?!https?:|#)([^)\s]+)\)", rf"]({here}/\1)", prose)

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = change_prose(linked, cell.source)
    return notebook


def write_notebooks(app, exception):
    """A notebook beside each page that is run."""
    if exception is not None or app.builder.format != "html":
        return
    for docname in app.env.found_docs:
        notebook = notebook_of(Path(app.env.doc2path(docname)))
        if notebook is not None:
            jupytext.write(notebook, Path(app.outdir) / f"{docname}.ipynb")


def name_notebook(app, docname, template, context, doctree):
    """Tell the template whether the page has a notebook."""
    page = Path(app.env.doc2path(docname)) if docname in app.env.found_docs else None
    if page is not None and notebook_of(page) is not None:
        context["notebook"] = f"{Path(docname).name}.ipynb"


def setup(app):
    app.connect("source-read", change_source)
    app.connect("doctree-resolved", describe_pictures)
    app.connect("doctree-resolved", mend_animations)
    app.connect("html-page-context", name_notebook)
    app.connect("build-finished", write_notebooks)
    app.connect("build-finished", copy_pages)
