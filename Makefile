# SPDX-License-Identifier: BSL-1.0
# Everything is in scripts/; see CONTRIBUTING.md. CMake users do not need this file: cmake --preset release.
.PHONY: help run test bench lint format clean

help:
	@echo 'make run      build the command and run "heddle compare" (ARGS="words /usr/include --json")'
	@echo 'make test     build and test everything: dev, asan and tsan builds (ARGS="-L task")'
	@echo 'make bench    measure (ARGS="task sync" for some layers)'
	@echo 'make lint     check layers, forbidden calls, licences, examples and docs'
	@echo 'make format   format the C++ files, write the header of everything anew'
	@echo 'make clean    remove the folder build/'
	@echo 'What is missing is installed with apt-get when run as root. HEDDLE_JOBS=n limits the CPUs used.'

run:
	@scripts/run $(ARGS)

test:
	@scripts/test $(ARGS)

bench:
	@scripts/bench $(ARGS)

lint:
	@scripts/lint
	@scripts/update-umbrella --check
	@scripts/check-docs

format:
	@scripts/update-umbrella
	@scripts/format

clean:
	@rm -rf build
