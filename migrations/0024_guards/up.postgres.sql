-- Half of each page stays free, so that a row is written anew beside itself.
ALTER TABLE guards SET (fillfactor = 50);
INSERT INTO guards (id) SELECT generate_series(0, 16383);
