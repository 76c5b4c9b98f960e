"""Where pictures are drawn; Matplotlib is an extra."""


def new_axes(ax, size):
    """Return the axes to draw on, new ones of this size in inches if there are none."""
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise ImportError('Pictures need Matplotlib: pip install "sknn_edu[plot]".') from error
    return plt.subplots(figsize=size, layout="constrained")[1] if ax is None else ax
