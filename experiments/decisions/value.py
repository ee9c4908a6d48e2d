"""What more knowledge is worth, in the unit of the benefit.

Benefits: float64 (draws, options), "do nothing" among them.

All of it assumes that the form of the model is right (economics rule 24).
"""

import numpy as np

SHIFTS = 20  # how often a parameter is set against the wrong draws, to see what chance alone finds


def perfect(benefit: np.ndarray) -> float:
    """EVPI: gained on average by choosing after everything is known instead of now."""
    return float(benefit.max(axis=1).mean() - benefit.mean(axis=0).max())


def partial(benefit: np.ndarray, parameter: np.ndarray) -> tuple[float, float]:
    """EVPPI of one parameter, and what 9 in 10 parameters without any influence stay below.

    Benefits are regressed on a cubic spline of the parameter; the fit is what choosing with it known would go by
    (Strong, Oakley & Brennan 2014, Medical Decision Making 34(3)). The null sets the parameter against shifted draws.
    """
    found = _fitted_gain(benefit, parameter)
    steps = np.unique(np.linspace(1, len(parameter) - 1, SHIFTS).astype(int))
    return found, float(np.quantile([_fitted_gain(benefit, np.roll(parameter, k)) for k in steps], 0.9))


def _fitted_gain(benefit: np.ndarray, parameter: np.ndarray) -> float:
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import SplineTransformer

    if np.ptp(parameter) == 0:
        return 0.0
    model = make_pipeline(
        SplineTransformer(n_knots=4, degree=3, knots="quantile"), RidgeCV(np.logspace(-3, 3, 13))
    )
    # Benefits against the first option: only differences decide, and what is common to all would add noise.
    against = benefit - benefit[:, :1]
    scale = float(against.std()) or 1.0
    fit = model.fit(parameter[:, None], against / scale).predict(parameter[:, None]) * scale
    return perfect(fit)


def trial(benefit: np.ndarray, effect: np.ndarray, standard_error: float) -> float:
    """EVSI of a trial that measures `effect` (draws,) with a standard error, by moment matching.

    A trial resolves the share V / (V + se²) of the variance V of the effect; benefits follow the effect linearly
    (Heath, Manolopoulou & Baio 2018, Medical Decision Making 38(2), with a linear fit).
    """
    centred = effect - effect.mean()
    variance = float(centred @ centred) / len(effect)
    if variance == 0.0:
        return 0.0
    slope = centred @ (benefit - benefit.mean(axis=0)) / len(effect) / variance
    resolved = np.sqrt(variance / (variance + standard_error**2))
    return perfect(benefit.mean(axis=0) + resolved * centred[:, None] * slope)


def widened(benefit: np.ndarray, factor: float) -> np.ndarray:
    """The same benefits under a prior `factor` times as wide around the same means (0.5 and 2 in economics rule 24)."""
    mean = benefit.mean(axis=0)
    return np.asarray(mean + factor * (benefit - mean))
