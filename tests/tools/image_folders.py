#!/usr/bin/python3
"""Makes seeded trees of (empty) pictures and prints, as JSON, what torchvision.datasets.ImageFolder makes of each:
{folder, classes, samples: [[path, index]]} or {folder, empty: [class]}. Afterwards every second tree gets what
programs leave behind, which must change nothing.

Usage: image_folders.py OUTPUT TREES
"""
import json
import os
import random
import sys

from torchvision.datasets import ImageFolder

NAMES = ['cat', 'Cat', 'dog', 'a-b', 'a b', 'a', 'a.jpg', '0', '10', '2', '.hidden', '..x', 'été', 'e\u0301te\u0301',
         '\uff21wide', '\U0001f431', '\ue000', 'ÿ', 'Zebra', '_x', '~', 'n02085620', 'ß', 'con\nline', "o'quote", b'\xff\xfe'.decode('utf-8', 'surrogateescape')]
EXTENSIONS = ['.jpg', '.JPG', '.jpeg', '.Jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif', '.TIFF', '.webp', '.gif', '.txt',
              '.jpg.txt', '.jpgx', '', '.jfif', '.PNG', '.tİf', '.jp2', '.npy']


def fill(rng, folder, depth, targets):
    os.makedirs(folder, exist_ok=True)
    for _ in range(rng.choice([0, 1, 2, 3, 5])):
        name = rng.choice(NAMES + ['', '']) + rng.choice(EXTENSIONS)
        path = os.path.join(folder, name)
        if not name or name == '..' or os.path.lexists(path):
            continue
        kind = rng.random()
        if kind < 0.8:
            open(path, 'w').close()
        elif kind < 0.9:
            os.symlink(rng.choice(targets), path)
        else:
            os.symlink('nowhere', path)
    for _ in range(rng.choice([0, 0, 1, 2]) if depth < 4 else 0):
        child = os.path.join(folder, rng.choice(NAMES))
        if not os.path.lexists(child):
            if rng.random() < 0.25:
                os.symlink(rng.choice(targets), child)
            else:
                fill(rng, child, depth + 1, targets)


def make(rng, tree, aside):
    """Links lead to `aside`, a picture and a folder with folders that holds no link: no tree leads back into itself."""
    os.makedirs(os.path.join(aside, 'deep', 'er'))
    for name in ['p.jpg', 'deep/q.png', 'deep/er/r.bmp', 'deep/notes.md']:
        open(os.path.join(aside, name), 'w').close()
    targets = [os.path.join(aside, 'p.jpg'), os.path.join(aside, 'deep'), os.path.relpath(os.path.join(aside, 'deep'), tree)]
    os.makedirs(tree)
    for name in rng.sample(NAMES, rng.randint(1, 7)):
        path = os.path.join(tree, name)
        if rng.random() < 0.15:
            os.symlink(targets[rng.choice([0, 1])], path)
            continue
        fill(rng, path, 0, targets)
        if rng.random() < 0.8:
            open(os.path.join(path, 'surely.jpg'), 'w').close()
    open(os.path.join(tree, 'loose.jpg'), 'w').close()


def judge(tree):
    try:
        found = ImageFolder(tree)
        return {'classes': found.classes, 'samples': [[os.path.relpath(p, tree), i] for p, i in found.samples]}
    except FileNotFoundError as error:
        return {'refused': str(error).split('. Supported')[0]}


def leave_behind(rng, tree):
    folders = [root for root, _, _ in os.walk(tree)]
    for _ in range(6):
        folder = rng.choice(folders)
        name = rng.choice(['.ipynb_checkpoints', '__MACOSX', '@eaDir', 'lost+found', '.git', '.Trash-1000', '$RECYCLE.BIN'])
        os.makedirs(os.path.join(folder, name, 'cat'), exist_ok=True)
        for file in [os.path.join(name, '1.jpg'), os.path.join(name, 'cat', '2.png'), '._1.jpg', '._.jpg', '.DS_Store',
                     'Thumbs.db', 'desktop.ini']:
            open(os.path.join(folder, file), 'w').close()


out, trees = sys.argv[1], int(sys.argv[2])
results = []
for seed in range(trees):
    rng = random.Random(seed)
    tree = os.path.join(out, f'tree{seed}')
    make(rng, tree, os.path.join(out, f'aside{seed}'))
    results.append({'folder': tree, **judge(tree)})
    if seed % 2:
        leave_behind(rng, tree)
print(json.dumps(results))
