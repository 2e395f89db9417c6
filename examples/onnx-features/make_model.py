"""Trains a small classifier of MNIST with PyTorch and writes it as digits.onnx, with features and logits as outputs.

    python3 make_model.py DATA    # DATA holds mnist/*.gz; torch 1.13
"""
import gzip
import pathlib
import sys

import numpy as np
import torch
from torch import nn

torch.manual_seed(1)
data = pathlib.Path(sys.argv[1]) / "mnist"


def idx(name, offset):
    return np.frombuffer(gzip.open(data / f"{name}-ubyte.gz").read(), np.uint8, offset=offset)


x = torch.tensor(idx("train-images-idx3", 16).reshape(-1, 1, 28, 28)[:20000] / 255, dtype=torch.float32)
y = torch.tensor(idx("train-labels-idx1", 8)[:20000].astype("int64"))
body = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
                     nn.Flatten(), nn.Linear(400, 32), nn.ReLU())
head = nn.Linear(32, 10)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = body, head

    def forward(self, images):
        features = self.body(images)
        return features, self.head(features)


model = Classifier()
optimizer = torch.optim.Adam(model.parameters(), 2e-3)
for epoch in range(3):
    for rows in torch.randperm(len(x)).split(64):
        loss = nn.functional.cross_entropy(model(x[rows])[1], y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
model.eval()
torch.onnx.export(model, x[:2], pathlib.Path(__file__).with_name("digits.onnx"), input_names=["images"],
                  output_names=["features", "logits"], opset_version=13,
                  dynamic_axes={name: {0: "rows"} for name in ["images", "features", "logits"]})
