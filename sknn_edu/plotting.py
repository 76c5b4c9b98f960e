"""The axes that pictures are drawn on; Matplotlib is an optional dependency."""


def new_axes(ax, size):
    """Return the axes to draw on: those given, or new ones of (width, height) inches."""
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise ImportError('Pictures need Matplotlib: pip install "sknn_edu[plot]".') from error
    return plt.subplots(figsize=size, layout="constrained")[1] if ax is None else ax
