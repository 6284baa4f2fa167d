"""Write data_jsons/<dataset>_<K>k.json for a run's records: ``python scripts/generate_data_json.py qagen_out``."""

from qagen.index import main

if __name__ == "__main__":
    main()
