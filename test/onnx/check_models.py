"""Looks at the models that write-models.ts wrote: the checker of the onnx package accepts each, shapes are inferred
strictly and for every tensor, and an evaluation of the graph by NumPy, operator by operator, says what the detector
says. Writes test/fixtures/onnx-checked.json, the digests of the graphs that passed; the tests compare theirs with them.

Run: npx tsx test/onnx/write-models.ts FOLDER && /usr/bin/python3 test/onnx/check_models.py FOLDER [--write]
(Debian's python3-onnx; where onnxruntime is installed for that Python, it is asked too)
"""

import json
import pathlib
import sys

import numpy as np
import onnx
import onnx.shape_inference
from onnx import helper, numpy_helper

try:
    import onnxruntime
except ImportError:
    onnxruntime = None
try:
    from onnx.reference import ReferenceEvaluator
except ImportError:  # before 1.13
    ReferenceEvaluator = None


def top_k(x, k, axis=-1, **_):
    order = np.argsort(-x, axis=axis, kind="stable")  # of equal ones the first
    places = np.take(order, range(int(k[0])), axis=axis)
    return np.take_along_axis(x, places, axis), places


def scatter(x, places, values, axis=0):
    out = x.copy()
    np.put_along_axis(out, places, values, axis)
    return out


def reduced(function):
    def run(x, axes=None, axis=None, keepdims=1, **more):
        over = axes if axes is not None else more.get("axes")
        return function(x, axis=tuple(int(a) for a in np.ravel(over)), keepdims=bool(keepdims))
    return run


def gemm(a, b, c=0.0, transB=0):
    return a @ (b.T if transB else b) + c


OPERATORS = {
    "Cast": lambda x, to: x.astype(helper.tensor_dtype_to_np_dtype(to) if hasattr(helper, "tensor_dtype_to_np_dtype") else helper.mapping.TENSOR_TYPE_TO_NP_TYPE[to]),
    "MatMul": np.matmul, "Gemm": gemm, "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide,
    "Max": np.maximum, "Min": np.minimum, "Abs": np.abs, "Neg": np.negative, "Exp": np.exp, "Log": np.log,
    "Sqrt": np.sqrt, "Less": np.less, "Equal": np.equal, "And": np.logical_and, "Or": np.logical_or,
    "Not": np.logical_not, "Where": np.where, "Identity": lambda x: x, "TopK": top_k, "ScatterElements": scatter,
    "Reshape": lambda x, shape: x.reshape([own or x.shape[i] for i, own in enumerate(shape)]), "Gather": lambda x, at, axis=0: np.take(x, at, axis=axis),
    "Slice": lambda x, first, end, axes=(0,): x[tuple([slice(None)] * int(axes[0]) + [slice(int(first[0]), int(end[0]))])],
    "Shape": lambda x: np.array(x.shape), "Concat": lambda *parts, axis: np.concatenate(parts, axis),
    "Pad": lambda x, pads: np.pad(x, np.reshape(pads, (2, -1)).T),
    "ReduceSum": reduced(np.sum), "ReduceMax": reduced(np.max),
    "ArgMax": lambda x, axis, keepdims: np.argmax(x, axis=axis),
}


def evaluate(model, feeds):
    """Outputs of the main graph by name, in the precision that it says."""
    values = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer} | feeds
    for node in model.graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        with np.errstate(all="ignore"):
            found = OPERATORS[node.op_type](*[values[name] for name in node.input], **attributes)
        values |= dict(zip(node.output, found if isinstance(found, tuple) else [found]))
    return {o.name: values[o.name] for o in model.graph.output}


def compare(name, found, verdicts, by):
    score = np.array([v["score"] for v in verdicts])
    own = found["score"].astype(float)
    apart = np.abs(own - score) / (1e-4 * np.abs(score) + 2e-6)
    assert apart.max() <= 1, f"{name} by {by}: a score is {apart.max()} times too far away"
    exact = own == score.astype(np.float32)  # that of folds is a mean in float64
    assert (found["p_value"] == [v["pValue"] for v in verdicts])[exact].all(), f"{name} by {by}: p-values"
    assert (found["is_ood"] == [v["isOod"] for v in verdicts])[exact].all(), f"{name} by {by}: alarms"
    assert exact.mean() > 0.5, f"{name} by {by}: {exact.mean()} of the scores are equal"
    if "label" in found:
        assert (found["label"] == [v["label"] for v in verdicts]).all(), f"{name} by {by}: labels"
    return apart.max()


folder = pathlib.Path(sys.argv[1])
said = json.loads((folder / "index.json").read_text())
given = {k: np.float32(v["data"]).reshape(v["shape"]) for k, v in said["given"].items()}
passed = {}
for entry in said["index"]:
    model = onnx.load(folder / entry["file"])
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    known = {v.name for v in inferred.graph.value_info if v.type.tensor_type.HasField("shape")}
    known |= {o.name for o in inferred.graph.output}
    unknown = [o for node in inferred.graph.node for o in node.output if o not in known]
    assert not unknown, f"{entry['name']}: no shape of {unknown}"
    worst = []
    if entry["verdicts"]:
        feeds = {i.name: given[i.name] for i in model.graph.input}
        worst.append(compare(entry["name"], evaluate(model, feeds), entry["verdicts"], "NumPy"))
        if ReferenceEvaluator:
            outputs = [o.name for o in model.graph.output]
            found = dict(zip(outputs, ReferenceEvaluator(model).run(None, feeds)))
            worst.append(compare(entry["name"], found, entry["verdicts"], "ReferenceEvaluator"))
        if onnxruntime:
            session = onnxruntime.InferenceSession(folder / entry["file"])
            found = dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds)))
            worst.append(compare(entry["name"], found, entry["verdicts"], "ONNX Runtime"))
    print(f"{entry['name']:32} {len(model.graph.node):4} nodes, opset {model.opset_import[0].version}, worst share of 1e-4: "
          + ", ".join(f"{w:.3g}" for w in worst))
    passed[entry["name"]] = entry["digest"]
print(f"{len(passed)} models pass, onnx {onnx.__version__}, reference evaluator {bool(ReferenceEvaluator)}, "
      f"onnxruntime {onnxruntime and onnxruntime.__version__}")
if "--write" in sys.argv:
    fixture = pathlib.Path(__file__).parent.parent / "fixtures" / "onnx-checked.json"
    fixture.write_text(json.dumps({"onnx": onnx.__version__, "digests": passed}, indent=1) + "\n")
