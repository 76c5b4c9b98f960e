"""Metadata routing of meta-estimators, whose fit passes metadata to the fit of an estimator."""

from sklearn import get_config
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    get_routing_for_object,
    process_routing,
)


def router_to_fit(owner, callers=("fit",)):
    """Return a router from methods of a meta-estimator to the fit of its ``estimator``.

    Parameters
    ----------
    owner : meta-estimator
    callers : tuple of str
        The methods of the owner that pass metadata on.

    Returns
    -------
    router : MetadataRouter
    """
    mapping = MethodMapping()
    for caller in callers:
        mapping.add(caller=caller, callee="fit")
    router = MetadataRouter(owner=owner).add_self_request(owner)
    return router.add(estimator=owner.estimator, method_mapping=mapping)


def routed_to_fit(owner, sample_weight, fit_params):
    """Return the metadata for the fit of an owner's ``estimator``.

    Parameters
    ----------
    owner : meta-estimator
        Its ``get_metadata_routing`` returns the result of :func:`router_to_fit`.
    sample_weight : array-like or None
    fit_params : dict
        The other metadata that the fit of the owner received.

    Returns
    -------
    params : dict
        If metadata routing is enabled, the metadata that the estimator requests, and the sample
        weights unless its request for them is False. Otherwise all metadata.
    """
    if get_config()["enable_metadata_routing"]:
        fit_params = dict(process_routing(owner, "fit", **fit_params).estimator.fit)
        request = getattr(get_routing_for_object(owner.estimator), "fit", None)
        if request is not None and request.requests.get("sample_weight") is False:
            sample_weight = None
    return fit_params if sample_weight is None else {**fit_params, "sample_weight": sample_weight}
