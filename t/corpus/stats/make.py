#!/usr/bin/env python3
"""Makes sets.ndjson: data, and what scipy 1.10 answers about them.

    /usr/bin/python3 t/corpus/stats/make.py >t/corpus/stats/sets.ndjson
"""
import itertools
import json
import math

import numpy as np
from scipy import stats

rng = np.random.default_rng(20261121)


def signed_rank(d):
    """Exact up to 50 differences, ties or not; else the normal law."""
    d = d[d != 0]
    if len(d) == 0:
        return 1.0
    tied = len(set(np.abs(d))) < len(d)
    if len(d) > 50:
        return stats.wilcoxon(d, correction=True, mode="approx").pvalue
    if not tied:
        return stats.wilcoxon(d, mode="exact").pvalue
    assert len(d) <= 16
    ranks = stats.rankdata(np.abs(d))
    low = min(ranks[d > 0].sum(), ranks[d < 0].sum())
    sums = [sum(r for r, s in zip(ranks, signs) if s)
            for signs in itertools.product((0, 1), repeat=len(d))]
    return min(1.0, 2 * sum(s <= low + 1e-9 for s in sums) / len(sums))


def rank_sum(a, b):
    tied = len(set(a) | set(b)) < len(a) + len(b)
    method = "exact" if not tied and len(a) * len(b) <= 400 else "asymptotic"
    return stats.mannwhitneyu(a, b, method=method).pvalue


def fences(x):
    q1, q3 = np.percentile(x, [25, 75])
    s = q3 - q1
    return [int((x < q1 - 3 * s).sum()),
            int(((x < q1 - 1.5 * s) & (x >= q1 - 3 * s)).sum()),
            int(((x > q3 + 1.5 * s) & (x <= q3 + 3 * s)).sum()),
            int((x > q3 + 3 * s).sum())]


def answers(x):
    cut = stats.trimboth(np.sort(x), 0.1)
    want = {
        "mean": np.mean(x), "sd": np.std(x, ddof=1),
        "median": np.median(x), "p95": np.percentile(x, 95),
        "p99": np.percentile(x, 99),
        "mad": stats.median_abs_deviation(x),
        "trimmed_mean": np.mean(cut), "trimmed_sd": np.std(cut, ddof=1),
        "outliers": fences(x),
    }
    if np.std(x) > 0:
        at = np.linspace(x.min(), x.max(), 5)
        want["density"] = list(stats.gaussian_kde(x, "silverman")(at))
        for name, fn in (("ci_mean", np.mean), ("ci_median", np.median)):
            got = stats.bootstrap((x,), fn, method="percentile",
                                  n_resamples=10000, random_state=1,
                                  vectorized=True)
            want[name] = list(got.confidence_interval)
    return want


def put(name, x, y=None):
    x = np.asarray(x, float)
    line = {"name": name, "x": list(x), "want": answers(x)}
    if y is not None:
        y = np.asarray(y, float)
        line["y"] = list(y)
        line["want"]["rank_sum"] = rank_sum(x, y)
        if len(x) == len(y):
            line["want"]["signed_rank"] = signed_rank(y - x)
            if x.min() > 0 and y.min() > 0 and len(set(x)) > 1:
                fit = stats.linregress(np.log(x), np.log(y))
                line["want"]["fit"] = [fit.slope, math.exp(fit.intercept),
                                       fit.rvalue ** 2]
    print(json.dumps(line))


def r(x):
    return np.round(x, 3)


put("constant", [7.0] * 20)
put("two points", [1.0] * 10 + [3.0] * 10)
put("two values", [2.0, 5.0])
put("outliers on both sides", list(range(50, 71)) + [1, 30, 92, 200])
put("normal 30", r(rng.normal(100, 5, 30)), r(rng.normal(103, 5, 30)))
put("normal 100", r(rng.normal(1000, 20, 100)), r(rng.normal(1000, 20, 100)))
put("lognormal 60", r(rng.lognormal(3, 0.5, 60)), r(rng.lognormal(3.2, 0.5, 60)))
put("exponential 200", r(rng.exponential(10, 200) + 1))
put("six pairs, one way", [1, 2, 3, 4, 5, 6], [2.1, 3.2, 4.3, 5.4, 6.5, 7.6])
put("ten pairs", r(rng.normal(50, 2, 10)), r(rng.normal(51, 2, 10)))
put("ties in pairs", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    [2, 3, 4, 3, 7, 8, 9, 8, 12, 10])
put("all pairs equal", [1, 2, 3, 4], [1, 2, 3, 4])
put("fifty pairs", r(rng.normal(20, 1, 50)), r(rng.normal(20.5, 1, 50)))
put("eighty pairs", r(rng.normal(20, 1, 80)), r(rng.normal(20.2, 1, 80)))
put("eighty pairs with ties", np.round(rng.normal(20, 3, 80)),
    np.round(rng.normal(21, 3, 80)))
put("unequal sizes", r(rng.normal(5, 1, 8)), r(rng.normal(6, 1, 13)))
put("many against few", r(rng.normal(5, 1, 60)), r(rng.normal(5.2, 1, 9)))
put("linear", [10, 100, 1000, 10000], [52, 498, 5100, 49000])
put("quadratic", [1, 2, 4, 8, 16], [3.1, 11.8, 48.5, 190, 770])
put("flat", [10, 100, 1000], [3, 3.1, 2.9])
put("heavy tail", r(rng.standard_t(2, 150) + 500))
put("bimodal", np.concatenate([r(rng.normal(10, .5, 40)), r(rng.normal(20, 1, 60))]))
