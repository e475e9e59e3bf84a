# Two commands matter: `make book` (read it) and `make test` (check it). `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
TORCH ?= torch==2.13.0
BENCH = $(if $(ROUNDS),--rounds $(ROUNDS) --dry)
export PATH := $(CURDIR)/$(BIN):$(PATH)

say = @printf '\n\033[1m== %s\033[0m\n' "$(1)"

.PHONY: help book serve site test quick chapter lab notebooks recordings figures faults gpu widgets lock clean
.PHONY: bench bench-trainer bench-optim bench-lstm bench-checkpoint bench-word2vec

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

book: site ## build both editions (no torch needed) and serve them on this machine
	@$(BIN)/python tools/site.py serve --port $(PORT)

site: $(VENV)/.site ## build both editions into _build/site, warnings as errors (PYODIDE=1: with Python in it)
	@PYODIDE=$(PYODIDE) $(BIN)/python tools/site.py build

serve: book

test: setup browser ## every check; what CI runs
	@$(BIN)/python tools/gate.py all

quick: setup ## the inner loop, under a minute: lint, types, unit tests, both languages
	@$(BIN)/python tools/gate.py quick

chapter: setup browser ## one chapter, checked whole in three minutes: make chapter CH=06
	@$(BIN)/python tools/gate.py $(or $(CH),$(error CH=NN is missing: make chapter CH=06))

lab: $(VENV)/.notebooks ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/chapters $(if $(filter 0,$(shell id -u)),--allow-root)

notebooks: setup ## run every notebook again and write its outputs (NB=chapters/06… for one)
	$(BIN)/python tools/notebooks.py execute $(NB)
	$(BIN)/python tools/i18n.py sync

recordings: setup ## train again what the book shows as recorded runs (minutes)
	$(BIN)/python tools/recordings.py all

faults: setup ## kill, cut and flip a few hundred times: does a training ever lose its work? (minutes)
	$(BIN)/python -m pytest -q tests/faults --full

# With any interpreter that has torch, pytest and safetensors, nothing being installed: make gpu PYTHON=python3
gpu: ## what needs a GPU: its tests, and benchmarks that are recorded; run by PYTHON, as it is
	@$(PYTHON) -c 'import sys, torch; sys.exit(None if torch.cuda.is_available() else "no CUDA device: nothing was run")'
	PYTHONPATH=lib $(PYTHON) -m pytest -q -m cuda $$(grep -rl --include='test_*.py' 'mark.cuda' tests)
	PYTHONPATH=lib $(PYTHON) benchmarks/gpu.py

widgets: $(VENV)/.dev widgets/node_modules/.stamp ## bundle the explorables into lib/firstgrad/widgets/static
	$(BIN)/node widgets/build.mjs
	@$(BIN)/python tools/checksums.py write

figures: setup browser ## draw diagrams and the explorables' still pictures again, in Chromium
	$(BIN)/python tools/figures.py

# Each prints its ratios and puts them into benchmarks/RESULTS.md. ROUNDS=3 is a quick look, and writes nothing.
bench: ## every speed against its peers, one after the other (half an hour)
	@for name in trainer optim lstm checkpoint word2vec; do $(MAKE) --no-print-directory bench-$$name; done

bench-trainer: $(VENV)/.bench ## our Trainer against the tutorial loop, Fabric, accelerate, skorch, Lightning, HF
	$(BIN)/python benchmarks/trainer.py $(BENCH)

bench-optim: $(VENV)/.dev ## our Adam against torch's: default, foreach, fused
	$(BIN)/python benchmarks/optim.py $(BENCH)

bench-lstm: $(VENV)/.dev ## our LSTM against nn.LSTM, forward and backward
	$(BIN)/python benchmarks/lstm.py $(BENCH)

bench-checkpoint: $(VENV)/.bench ## our checkpoints against torch.save, safetensors, Lightning: 100 MB
	$(BIN)/python benchmarks/checkpoint.py $(BENCH)

bench-word2vec: $(VENV)/.bench data/cache/english.txt ## our word2vec against gensim's: words a second
	$(BIN)/python benchmarks/word2vec.py $(BENCH)

data/cache/english.txt: | $(VENV)/.dev
	$(BIN)/python data/english/make.py

lock: $(VENV)/bin/python ## choose dependency versions again, within requirements/*.in
	tools/lock.sh

clean: ## remove everything that can be made again, the virtual environment too
	rm -rf _build $(VENV) widgets/node_modules dist

# --- set-up: each stamp is newer than the file it was made from -------------------------------
.PHONY: setup browser
setup: $(VENV)/.dev widgets/node_modules/.stamp

browser: $(VENV)/.dev
	@$(BIN)/python tools/browser.py

$(VENV)/bin/python:
	@tools/check_python.sh $(PYTHON)
	$(call say,Making a virtual environment in $(VENV))
	$(PYTHON) -m venv --clear $(VENV) && $(BIN)/python -m pip --version >/dev/null || { rm -rf $(VENV); exit 1; }

$(VENV)/.site: requirements/site.txt | $(VENV)/bin/python
	$(call say,Installing what the site needs (no torch))
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# torch first and alone: its build differs from machine to machine, so it carries no hash.
# TORCH=… chooses another one, a CUDA build's wheel for instance.
$(VENV)/.torch: | $(VENV)/bin/python
	$(call say,Installing torch)
	$(BIN)/python -c 'import torch' 2>/dev/null || $(BIN)/pip install --quiet --disable-pip-version-check '$(TORCH)'
	@touch $@

$(VENV)/.notebooks: requirements.txt pyproject.toml $(VENV)/.torch
	$(call say,Installing what the notebooks need)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.notebooks
	$(call say,Installing what the checks need)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# Peers want torch, and would bring another one: the lock has all else that they need, hence --no-deps.
$(VENV)/.bench: requirements/bench.txt $(VENV)/.dev
	$(call say,Installing what the benchmarks compare with)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

widgets/node_modules/.stamp: widgets/package-lock.json $(VENV)/.dev
	$(call say,Installing the explorables' build tools)
	cd widgets && npm ci --silent --no-audit --no-fund
	@touch $@
