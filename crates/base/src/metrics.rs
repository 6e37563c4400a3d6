//! Figures for `/metrics`, in Prometheus' text format. What is counted on the way of a request is an atomic
//! number at the place where it is known; names, labels and help are put to it when somebody looks.
//!
//! Any part of the product can add a figure of its own: [`Metrics::gauge`] for what is in memory,
//! [`Metrics::stored_gauge`] for what is in the database.

use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use super::auth::Caller;
use super::core::Core;
use super::db::Rx;
use super::error::Result;
use super::http::Endpoint;
use super::messages::Lang;

/// Microseconds that requests are sorted by.
const LATENCIES: &[u64] = &[
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000,
];
/// Microseconds that commits are sorted by.
pub const COMMIT_TIMES: &[u64] =
    &[100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000];
/// Units of work in one commit.
pub const GROUP_SIZES: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128];

/// How often values of which size were seen.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One more than bounds: the last is beyond all of them.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Histogram {
    pub fn new(bounds: &'static [u64]) -> Histogram {
        Histogram {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }
    pub fn record(&self, value: u64) {
        let bucket = self.bounds.iter().position(|bound| value <= *bound).unwrap_or(self.bounds.len());
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }
    pub fn record_time(&self, time: Duration) {
        self.record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }
    /// How many values were seen.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|c| c.load(Ordering::Relaxed)).sum()
    }
}

/// What an operation was asked: a histogram of its times for each class of status.
#[derive(Debug)]
pub struct Traffic([Histogram; 5]);

impl Default for Traffic {
    fn default() -> Traffic {
        Traffic(std::array::from_fn(|_| Histogram::new(LATENCIES)))
    }
}

impl Traffic {
    pub fn record(&self, status: u16, time: Duration) {
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        self.0[class].record_time(time);
    }
}

type Value = Arc<dyn Fn() -> f64 + Send + Sync>;
/// The label's name, and a value for each value of the label; a figure without labels is one value under none.
type Stored = (&'static str, Arc<dyn Fn(&mut Rx) -> Result<Vec<(String, f64)>> + Send + Sync>);

#[derive(Clone)]
struct Added<S> {
    name: &'static str,
    help: &'static str,
    kind: &'static str,
    source: S,
}

/// The figures of one process.
pub struct Metrics {
    started: Instant,
    in_flight: Arc<AtomicI64>,
    /// Requests that no operation of the API took: pages beside it, unknown paths.
    pub elsewhere: Traffic,
    /// Operations inside batches, by class of status.
    pub batched: Traffic,
    values: RwLock<Vec<Added<Value>>>,
    stored: RwLock<Vec<Added<Stored>>>,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            started: Instant::now(),
            in_flight: Arc::default(),
            elsewhere: Traffic::default(),
            batched: Traffic::default(),
            values: RwLock::default(),
            stored: RwLock::default(),
        }
    }
}

/// A request that is being answered, until this is dropped.
pub struct InFlight(Arc<AtomicI64>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// Counts a request as being answered.
    pub fn enter(&self) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(self.in_flight.clone())
    }

    /// Adds a figure that goes up and down, such as the length of a queue in memory.
    pub fn gauge(
        &self,
        name: &'static str,
        help: &'static str,
        value: impl Fn() -> f64 + Send + Sync + 'static,
    ) {
        self.add(name, help, "gauge", value);
    }

    /// Adds a figure that only grows.
    pub fn counter(
        &self,
        name: &'static str,
        help: &'static str,
        value: impl Fn() -> f64 + Send + Sync + 'static,
    ) {
        self.add(name, help, "counter", value);
    }

    fn add(
        &self,
        name: &'static str,
        help: &'static str,
        kind: &'static str,
        value: impl Fn() -> f64 + Send + Sync + 'static,
    ) {
        let mut values = self.values.write().unwrap_or_else(|p| p.into_inner());
        values.push(Added { name, help, kind, source: Arc::new(value) });
    }

    /// Adds a figure that is read from the database whenever somebody looks; it must be cheap to find.
    pub fn stored_gauge(
        &self,
        name: &'static str,
        help: &'static str,
        value: impl Fn(&mut Rx) -> Result<f64> + Send + Sync + 'static,
    ) {
        self.stored_family(name, help, "", move |rx| Ok(vec![(String::new(), value(rx)?)]));
    }

    /// The same for a figure with a label, whose values are names of ours.
    pub fn stored_family(
        &self,
        name: &'static str,
        help: &'static str,
        label: &'static str,
        values: impl Fn(&mut Rx) -> Result<Vec<(String, f64)>> + Send + Sync + 'static,
    ) {
        let mut stored = self.stored.write().unwrap_or_else(|p| p.into_inner());
        stored.push(Added { name, help, kind: "gauge", source: (label, Arc::new(values)) });
    }
}

/// All figures, as Prometheus reads them.
pub async fn page(core: &Arc<Core>, endpoints: &[Arc<Endpoint>]) -> String {
    let mut page = Page::default();
    requests(&mut page, core, endpoints);
    engine(&mut page, core);
    let values = core.metrics.values.read().unwrap_or_else(|p| p.into_inner()).clone();
    for added in values {
        page.one(added.name, added.kind, added.help, (added.source)());
    }
    for (added, values) in stored(core).await {
        page.family(added.name, added.kind, added.help);
        let label = added.source.0;
        for (of, value) in values {
            let labels = [(label, of.as_str())];
            page.sample(added.name, if label.is_empty() { &[] } else { &labels }, value);
        }
    }
    page.one(
        "salesdesk_uptime_seconds",
        "gauge",
        "How long this process has been running.",
        core.metrics.started.elapsed().as_secs_f64(),
    );
    page.family("salesdesk_build_info", "gauge", "The version, and the database engine that it runs on.");
    let on = if core.engine.is_sqlite() { "sqlite" } else { "postgres" };
    page.sample("salesdesk_build_info", &[("version", env!("CARGO_PKG_VERSION")), ("engine", on)], 1.0);
    page.0
}

/// The figures that lie in the database, all from one moment; those that cannot be read are left out.
async fn stored(core: &Arc<Core>) -> Vec<(Added<Stored>, Vec<(String, f64)>)> {
    let stored = core.metrics.stored.read().unwrap_or_else(|p| p.into_inner()).clone();
    if stored.is_empty() {
        return vec![];
    }
    let of = core.clone();
    let read = core.engine.read(move |conn| {
        let caller = Caller::system("metrics");
        let mut rx = of.rx(conn, &caller, Lang::En);
        let value = |added: &Added<Stored>| match (added.source.1)(&mut rx) {
            Ok(values) => Some((added.clone(), values)),
            Err(error) => {
                log::warn!("{} cannot be read: {error}", added.name);
                None
            }
        };
        Ok(stored.iter().filter_map(value).collect())
    });
    read.await.unwrap_or_else(|error| {
        log::warn!("figures cannot be read: {error}");
        vec![]
    })
}

fn requests(page: &mut Page, core: &Core, endpoints: &[Arc<Endpoint>]) {
    let metrics = &core.metrics;
    page.family(
        "salesdesk_http_request_duration_seconds",
        "histogram",
        "How long requests took to answer, by operation and class of status; `_count` is how many there were.",
    );
    let named = endpoints.iter().map(|e| (e.operation_id, &e.traffic));
    for (operation, traffic) in named.chain([("none", &metrics.elsewhere)]) {
        page.traffic("salesdesk_http_request_duration_seconds", &[("operation", operation)], traffic);
    }
    page.family(
        "salesdesk_batch_operation_duration_seconds",
        "histogram",
        "How long operations inside batches took, by class of status.",
    );
    page.traffic("salesdesk_batch_operation_duration_seconds", &[], &metrics.batched);
    page.one(
        "salesdesk_http_requests_in_flight",
        "gauge",
        "Requests that are being answered.",
        metrics.in_flight.load(Ordering::Relaxed) as f64,
    );
    page.one(
        "salesdesk_http_rate_limited_total",
        "counter",
        "Requests that were turned away because there were too many.",
        core.limits.refused.load(Ordering::Relaxed) as f64,
    );
}

fn engine(page: &mut Page, core: &Core) {
    let (engine, counters) = (&core.engine, &core.engine.counters);
    let count = |of: &AtomicU64| of.load(Ordering::Relaxed) as f64;
    page.one(
        "salesdesk_db_write_queue_depth",
        "gauge",
        "Units of work that wait for a writer.",
        engine.write_queue_depth() as f64,
    );
    page.one(
        "salesdesk_db_read_queue_depth",
        "gauge",
        "Reads that wait for a reader.",
        engine.read_queue_depth() as f64,
    );
    page.one("salesdesk_db_units_total", "counter", "Units of work that were run.", count(&counters.units));
    page.one(
        "salesdesk_db_commits_total",
        "counter",
        "Commits; each may hold many units.",
        count(&counters.commits),
    );
    page.one(
        "salesdesk_db_retries_total",
        "counter",
        "Units of work that were run again after a serialisation failure.",
        count(&counters.retries),
    );
    page.one("salesdesk_db_reads_total", "counter", "Reads.", count(&counters.reads));
    page.family("salesdesk_db_group_size", "histogram", "Units of work in one commit.");
    page.histogram("salesdesk_db_group_size", &[], &counters.group_size, 1.0);
    page.family("salesdesk_db_commit_seconds", "histogram", "How long commits took.");
    page.histogram("salesdesk_db_commit_seconds", &[], &counters.commit_time, 1e6);
    let of = engine.size;
    page.family("salesdesk_db_connections", "gauge", "Connections, by what they are for.");
    page.sample("salesdesk_db_connections", &[("for", "read")], of.readers as f64);
    page.sample("salesdesk_db_connections", &[("for", "write")], of.writers as f64);
    page.family("salesdesk_db_connections_in_use", "gauge", "Connections that are at work.");
    page.sample("salesdesk_db_connections_in_use", &[("for", "read")], count(&counters.reading));
    page.sample("salesdesk_db_connections_in_use", &[("for", "write")], count(&counters.writing));
}

/// The text that is being made.
#[derive(Default)]
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: f64) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    /// Labels are names of ours, so nothing in them needs escaping.
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    /// The classes of status that were answered.
    fn traffic(&mut self, name: &str, labels: &[(&str, &str)], traffic: &Traffic) {
        for (histogram, status) in traffic.0.iter().zip(["1xx", "2xx", "3xx", "4xx", "5xx"]) {
            if histogram.count() > 0 {
                let mut labels = labels.to_vec();
                labels.push(("status", status));
                self.histogram(name, &labels, histogram, 1e6);
            }
        }
    }

    /// `unit` of the recorded values make one of the shown.
    fn histogram(&mut self, name: &str, labels: &[(&str, &str)], histogram: &Histogram, unit: f64) {
        let mut count = 0;
        for (index, seen) in histogram.counts.iter().enumerate() {
            count += seen.load(Ordering::Relaxed);
            let bound = match histogram.bounds.get(index) {
                Some(bound) => (*bound as f64 / unit).to_string(),
                None => "+Inf".into(),
            };
            let mut labels = labels.to_vec();
            labels.push(("le", &bound));
            self.sample(&format!("{name}_bucket"), &labels, count as f64);
        }
        self.sample(&format!("{name}_sum"), labels, histogram.sum.load(Ordering::Relaxed) as f64 / unit);
        self.sample(&format!("{name}_count"), labels, count as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_up_to_each_bound() {
        let histogram = Histogram::new(GROUP_SIZES);
        [1, 2, 3, 3, 500].into_iter().for_each(|v| histogram.record(v));
        let mut page = Page::default();
        page.histogram("size", &[("of", "it")], &histogram, 1.0);
        let text = page.0;
        for line in [
            "size_bucket{of=\"it\",le=\"1\"} 1",
            "size_bucket{of=\"it\",le=\"2\"} 2",
            "size_bucket{of=\"it\",le=\"4\"} 4",
            "size_bucket{of=\"it\",le=\"128\"} 4",
            "size_bucket{of=\"it\",le=\"+Inf\"} 5",
            "size_sum{of=\"it\"} 509",
            "size_count{of=\"it\"} 5",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn times_are_shown_in_seconds() {
        let traffic = Traffic::default();
        traffic.record(201, Duration::from_micros(700));
        traffic.record(404, Duration::from_secs(30));
        let mut page = Page::default();
        page.traffic("t", &[], &traffic);
        assert!(page.0.contains("t_bucket{status=\"2xx\",le=\"0.001\"} 1\n"), "{}", page.0);
        assert!(page.0.contains("t_sum{status=\"2xx\"} 0.0007\n"), "{}", page.0);
        assert!(page.0.contains("t_bucket{status=\"4xx\",le=\"10\"} 0\n"), "{}", page.0);
        assert!(!page.0.contains("5xx"), "{}", page.0);
    }
}
