"""Mix data sets for training: ``python scripts/mix_data.py data_jsons/*.json --preset spar7m --to mix.json``."""

from qagen.mix.__main__ import main

if __name__ == "__main__":
    main()
