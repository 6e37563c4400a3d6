-- What a running job has met so far, each by a digest, with the line where it came first. Gone when the job has ended.
CREATE TABLE job_keys (
    job_id UUID NOT NULL REFERENCES jobs (id),
    digest TEXT NOT NULL,
    line   INTEGER NOT NULL,
    PRIMARY KEY (job_id, digest)
);
