"""What scikit-learn makes of the same embeddings: usage sklearn_head.py FOLDER. Reads train.f32 and test.f32 ([n, 2048]),
labels.json ({ "train": [...], "test": [...], "l2": x, "k": n }); prints JSON: accuracy and parameters of
LogisticRegression, class probabilities of KNeighborsClassifier."""

import json
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

folder = Path(sys.argv[1])
given = json.loads((folder / "labels.json").read_text())
train, test = (np.fromfile(folder / f"{part}.f32", np.float32).reshape(-1, 2048).astype(np.float64) for part in ("train", "test"))
regression = LogisticRegression(C=1 / given["l2"], max_iter=5000, tol=1e-7).fit(train, given["train"])
default = LogisticRegression(max_iter=5000).fit(train, given["train"])
nearest = KNeighborsClassifier(n_neighbors=given["k"], metric="cosine", weights="distance").fit(train, given["train"])
print(
    json.dumps(
        {
            "accuracy": regression.score(test, given["test"]),
            "defaultAccuracy": default.score(test, given["test"]),
            "probabilities": regression.predict_proba(test).tolist(),
            "votes": nearest.predict_proba(test).tolist(),
        }
    )
)
