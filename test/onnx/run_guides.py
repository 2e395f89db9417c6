"""Runs the Python of docs/onnx.md, with a classifier and a detector behind it as joined.onnx; blocks whose packages are
not installed are said and left out.

Run: npx tsx test/onnx/write-models.ts FOLDER && cd FOLDER && python3 ../test/onnx/run_guides.py
"""

import pathlib
import re

import numpy as np

page = (pathlib.Path(__file__).parent.parent.parent / "docs" / "onnx.md").read_text()
ran = 0
for code in re.findall(r"^```python\n(.*?)^```", page, flags=re.M | re.S):
    names = {}
    try:
        exec(code, names)
    except ModuleNotFoundError as error:
        print(f"not run, {error}: {code.splitlines()[0]} ...")
        continue
    x = np.random.default_rng(2).normal(size=(4, 6)).astype(np.float32)
    if "verdicts" in names:
        (frame,) = names["verdicts"](iter([names["pd"].Series(list(x))]))
        assert list(frame.columns) == ["p_value", "is_ood"] and len(frame) == 4 and frame.p_value.between(0, 1).all()
    if "Judge" in names:
        batch = names["Judge"]()({"x": x})
        assert batch["is_ood"].dtype == bool and batch["p_value"].shape == (4,)
    ran += 1
print(f"{ran} blocks ran")
