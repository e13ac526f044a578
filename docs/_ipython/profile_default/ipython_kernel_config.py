"""How the pages that are notebooks are run: pictures with twice the pixels, and no log."""

c = get_config()  # noqa: F821
c.InlineBackend.figure_formats = {"retina"}
c.IPKernelApp.log_level = 40  # errors alone
