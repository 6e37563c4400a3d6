-- Finding records by what another system calls them, whatever their kind.
CREATE INDEX external_ids_system ON external_ids (system, external_id, record_id);
