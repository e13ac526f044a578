"""How the pages that are notebooks draw pictures: with twice the pixels."""

c = get_config()  # noqa: F821
c.InlineBackend.figure_formats = {"retina"}
