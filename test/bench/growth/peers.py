"""One case of test/bench/growth/cases.ts by NumPy, SciPy, scikit-learn and, losses, PyTorch: prints its time, of the processor in ms, and
the memory it took in MiB, a line for each size. Arguments: name scored seconds, then rows x size x classes"""

import json
import sys
import time

import numpy as np
from scipy.linalg import cholesky
from sklearn.covariance import OAS
from sklearn.neighbors import NearestNeighbors

def make(rows, size, classes, scored):
    """What the functions below work with."""
    rng = np.random.default_rng(1)
    labels = np.arange(rows) % classes
    data = rng.standard_normal((rows, size), dtype="f4")
    data += 2 * (np.arange(size) % classes == labels[:, None]).astype("f4")
    weights = 0.2 * (np.arange(size)[:, None] % classes == np.arange(classes)) + 0.02 * rng.standard_normal((size, classes))
    few = rng.standard_normal((max(1, scored), size), dtype="f4")
    bias = rng.standard_normal(classes).astype("f4")
    return dict(rows=rows, size=size, classes=classes, labels=labels, data=data, weights=weights.astype("f4"), bias=bias, few=few)


def oas(x):
    return OAS(assume_centered=True, store_precision=False).fit(x).covariance_


def means():
    return np.stack([data[labels == c].mean(0, dtype="f8") for c in range(classes)])


def mahalanobis():
    return cholesky(oas(data - means()[labels]), lower=True)


def relative():
    return mahalanobis(), cholesky(oas(data - data.mean(0, dtype="f8")), lower=True)


def class_gaussians():
    factors = np.empty((classes, size, size))
    for c in range(classes):
        own = data[labels == c]
        factors[c] = cholesky(oas(own - own.mean(0, dtype="f8")), lower=True)
    return factors


def residual():
    origin = -np.linalg.pinv(weights.T.astype("f8")) @ bias
    z = data - origin
    kept = (1000 if size >= 2048 else 512 if size >= 768 else size // 2) if rows >= size else 128
    _, vectors = np.linalg.eigh(z.T @ z / rows)
    return origin, np.ascontiguousarray(vectors[:, : size - kept])


def norms(space, x):
    return np.linalg.norm((x - space[0]) @ space[1], axis=1)


def vim():
    space = residual()
    return space, (data @ weights + bias).max(1).mean() / norms(space, data).mean()


def vim_score(fitted, x):
    logits = x @ weights + bias
    most = logits.max(1)
    return fitted[1] * norms(fitted[0], x) - most - np.log(np.exp(logits - most[:, None]).sum(1))


def neighbors():
    return NearestNeighbors(n_neighbors=50, algorithm="brute", n_jobs=1).fit(
        data / np.linalg.norm(data, axis=1, keepdims=True)
    )


def pairs_of(torch, count):
    """Distances aside: who is whose positive and negative; the first class is OoD."""
    y = torch.arange(count) % classes - 1
    same, known = y[:, None] == y, (y >= 0)[:, None]
    own = torch.eye(count, dtype=torch.bool)
    return same & known & ~own, ~same & known


def odm(torch, x, positive, negative):
    d = torch.cdist(x, x)
    half = torch.ones_like(positive).triu(1)
    pos, neg = positive & half, (negative | negative.T) & half
    return 0.25 * ((d * pos).sum() / pos.sum() + (torch.relu(10 - d) * neg).sum() / neg.sum())


def supervised(torch, x, positive, negative):
    z = torch.nn.functional.normalize(x)
    s = z @ z.T / 0.1
    shares = s - torch.logsumexp(s.masked_fill(torch.eye(len(x), dtype=torch.bool), -1e9), 1, keepdim=True)
    count = positive.sum(1)
    return (-(shares * positive).sum(1) / count.clamp(min=1))[count > 0].mean()


def hardest(torch, x, positive, negative):
    d = torch.cdist(x, x)
    far, near = d.masked_fill(~positive, -1).max(1).values, d.masked_fill(~negative, 1e9).min(1).values
    return torch.relu(far - near + 0.2)[positive.any(1) & negative.any(1)].mean()


def triplets(torch, x, positive, negative):
    d = torch.cdist(x, x)
    sums = [torch.relu(d[a][positive[a]][:, None] - d[a][negative[a]] + 0.2).sum() for a in range(len(x))]
    return torch.stack(sums).sum() / (positive.sum(1) * negative.sum(1)).sum()


def gradient(loss):
    import torch

    torch.set_num_threads(1)
    x = torch.from_numpy(data)

    def work():
        own = x.clone().requires_grad_()
        loss(torch, own, *pairs_of(torch, rows)).backward()

    return work


def peak_kib():
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))


losses = {"odmLoss": odm, "supervisedContrastiveLoss": supervised, "hardestTriplets": hardest, "allTriplets": triplets}
fits = {
    "mahalanobis": mahalanobis,
    "relativeMahalanobis": relative,
    "classGaussians": class_gaussians,
    "residual": residual,
    "vim": vim,
    "nearestNeighbors": neighbors,
}
scores = {"residual": norms, "vim": vim_score}


def measured(name, scored, seconds):
    work = gradient(losses[name]) if name in losses else fits[name]
    if scored:
        fitted = fits[name]()
        work = lambda: scores[name](fitted, few)
    with open("/proc/self/clear_refs", "w") as f:
        f.write("5")  # what importing and making the rows took for a moment is no part of the peak
    before = peak_kib()
    times = []
    peak = 0
    while not times or (sum(times) < 1000 * seconds and len(times) < 200):
        t = time.process_time()
        work()
        times.append(1000 * (time.process_time() - t))
        peak = peak or peak_kib() - before
    return {"time": float(np.median(times)), "memory": peak / 1024}


for sides in sys.argv[4:]:
    globals().update(make(*map(int, sides.split("x")), int(sys.argv[2])))
    print(json.dumps(measured(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))), flush=True)
