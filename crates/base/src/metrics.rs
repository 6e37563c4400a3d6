//! Figures for `/metrics`, in Prometheus' text format. What is counted on the way of a request is an atomic
//! number at the place where it is known; names, labels and help are put to it when somebody looks.
//!
//! Any part of the product can add a figure of its own: [`Metrics::gauge`] for what is in memory,
//! [`Metrics::stored_gauge`] for what is in the database.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, prometheus_text};
use prometheus_client::metrics::MetricType::{self, Counter, Gauge, Histogram as Spread};
use prometheus_client::registry::Registry;

use super::auth::Caller;
use super::core::Core;
use super::db::ReadTx;
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
type Stored = (&'static str, Arc<dyn Fn(&mut ReadTx) -> Result<Vec<(String, f64)>> + Send + Sync>);

#[derive(Clone)]
struct Added<S> {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
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
        self.add(name, help, Gauge, value);
    }

    /// Adds a figure that only grows.
    pub fn counter(
        &self,
        name: &'static str,
        help: &'static str,
        value: impl Fn() -> f64 + Send + Sync + 'static,
    ) {
        self.add(name, help, Counter, value);
    }

    fn add(
        &self,
        name: &'static str,
        help: &'static str,
        kind: MetricType,
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
        value: impl Fn(&mut ReadTx) -> Result<f64> + Send + Sync + 'static,
    ) {
        self.stored_family(name, help, "", move |rx| Ok(vec![(String::new(), value(rx)?)]));
    }

    /// The same for a figure with a label, whose values are names of ours.
    pub fn stored_family(
        &self,
        name: &'static str,
        help: &'static str,
        label: &'static str,
        values: impl Fn(&mut ReadTx) -> Result<Vec<(String, f64)>> + Send + Sync + 'static,
    ) {
        let mut stored = self.stored.write().unwrap_or_else(|p| p.into_inner());
        stored.push(Added { name, help, kind: Gauge, source: (label, Arc::new(values)) });
    }
}

/// All figures, as Prometheus reads them.
pub async fn page(core: &Arc<Core>, endpoints: &[Arc<Endpoint>]) -> String {
    let stored = stored(core).await;
    text_of(Figures { core: core.clone(), endpoints: endpoints.to_vec(), stored })
}

/// What a collector shows, in Prometheus' text format.
fn text_of(figures: impl Collector) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(figures));
    let mut text = String::new();
    if let Err(error) = prometheus_text::encode(&mut text, &registry) {
        log::warn!("the figures cannot be written: {error}");
    }
    text
}

/// A stored figure with what was read of it.
type Read = (Added<Stored>, Vec<(String, f64)>);

/// All that there is to show.
struct Figures {
    core: Arc<Core>,
    endpoints: Vec<Arc<Endpoint>>,
    stored: Vec<Read>,
}

impl fmt::Debug for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Figures").finish_non_exhaustive()
    }
}

impl Collector for Figures {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let mut page = Page(encoder);
        requests(&mut page, &self.core, &self.endpoints)?;
        engine(&mut page, &self.core)?;
        let values = self.core.metrics.values.read().unwrap_or_else(|p| p.into_inner()).clone();
        for added in values {
            page.one(added.name, added.kind, added.help, (added.source)())?;
        }
        for (added, values) in &self.stored {
            let mut family = page.family(added.name, added.kind, added.help)?;
            let label = added.source.0;
            for (of, value) in values {
                let labels = [(label, of.as_str())];
                family.number(if label.is_empty() { &[] } else { &labels }, *value)?;
            }
        }
        let uptime = self.core.metrics.started.elapsed().as_secs_f64();
        page.one("salesdesk_uptime_seconds", Gauge, "How long this process has been running.", uptime)?;
        let on = if self.core.engine.is_sqlite() { "sqlite" } else { "postgres" };
        page.family("salesdesk_build_info", Gauge, "The version, and the database engine that it runs on.")?
            .number(&[("version", env!("CARGO_PKG_VERSION")), ("engine", on)], 1.0)
    }
}

/// The figures that lie in the database, all from one moment; those that cannot be read are left out.
async fn stored(core: &Arc<Core>) -> Vec<Read> {
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

fn requests(page: &mut Page, core: &Core, endpoints: &[Arc<Endpoint>]) -> fmt::Result {
    let metrics = &core.metrics;
    let mut family = page.family(
        "salesdesk_http_request_duration_seconds",
        Spread,
        "How long requests took to answer, by operation and class of status; `_count` is how many there were.",
    )?;
    let named = endpoints.iter().map(|e| (e.operation_id, &e.traffic));
    for (operation, traffic) in named.chain([("none", &metrics.elsewhere)]) {
        family.traffic(&[("operation", operation)], traffic)?;
    }
    page.family(
        "salesdesk_batch_operation_duration_seconds",
        Spread,
        "How long operations inside batches took, by class of status.",
    )?
    .traffic(&[], &metrics.batched)?;
    page.one(
        "salesdesk_http_requests_in_flight",
        Gauge,
        "Requests that are being answered.",
        metrics.in_flight.load(Ordering::Relaxed) as f64,
    )?;
    page.one(
        "salesdesk_http_rate_limited_total",
        Counter,
        "Requests that were turned away because there were too many.",
        core.limits.refused.load(Ordering::Relaxed) as f64,
    )
}

fn engine(page: &mut Page, core: &Core) -> fmt::Result {
    let (engine, counters) = (&core.engine, &core.engine.counters);
    let count = |of: &AtomicU64| of.load(Ordering::Relaxed) as f64;
    page.one(
        "salesdesk_db_write_queue_depth",
        Gauge,
        "Units of work that wait for a writer.",
        engine.write_queue_depth() as f64,
    )?;
    page.one(
        "salesdesk_db_read_queue_depth",
        Gauge,
        "Reads that wait for a reader.",
        engine.read_queue_depth() as f64,
    )?;
    page.one("salesdesk_db_units_total", Counter, "Units of work that were run.", count(&counters.units))?;
    page.one(
        "salesdesk_db_commits_total",
        Counter,
        "Commits; each may hold many units.",
        count(&counters.commits),
    )?;
    page.one(
        "salesdesk_db_retries_total",
        Counter,
        "Units of work that were run again after a serialisation failure.",
        count(&counters.retries),
    )?;
    page.one("salesdesk_db_reads_total", Counter, "Reads.", count(&counters.reads))?;
    page.family("salesdesk_db_group_size", Spread, "Units of work in one commit.")?.histogram(
        &[],
        &counters.group_size,
        1.0,
    )?;
    page.family("salesdesk_db_commit_seconds", Spread, "How long commits took.")?.histogram(
        &[],
        &counters.commit_time,
        1e6,
    )?;
    let of = engine.size;
    let mut there = page.family("salesdesk_db_connections", Gauge, "Connections, by what they are for.")?;
    there.number(&[("for", "read")], of.readers as f64)?;
    there.number(&[("for", "write")], of.writers as f64)?;
    let mut used = page.family("salesdesk_db_connections_in_use", Gauge, "Connections that are at work.")?;
    used.number(&[("for", "read")], count(&counters.reading))?;
    used.number(&[("for", "write")], count(&counters.writing))
}

/// The text that is being made.
struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn family(&mut self, name: &'static str, kind: MetricType, help: &str) -> Result<Family<'_>, fmt::Error> {
        // The format puts `_total` to the name of whatever only grows.
        let name = name.strip_suffix("_total").unwrap_or(name);
        Ok(Family { encoder: self.0.encode_descriptor(name, help, None, kind)?, kind })
    }

    fn one(&mut self, name: &'static str, kind: MetricType, help: &str, value: f64) -> fmt::Result {
        self.family(name, kind, help)?.number(&[], value)
    }
}

/// Figures of one name.
struct Family<'a> {
    encoder: MetricEncoder<'a>,
    kind: MetricType,
}

impl Family<'_> {
    fn number(&mut self, labels: &[(&str, &str)], value: f64) -> fmt::Result {
        let mut encoder = self.encoder.encode_family(&labels)?;
        // What is counted is written as a whole number; up to here a float holds each of them.
        let whole = (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64);
        match (self.kind, whole.map(u64::try_from), whole) {
            (Counter, Some(Ok(count)), _) => encoder.encode_counter::<NoLabelSet, u64, f64>(&count, None),
            (Counter, ..) => encoder.encode_counter::<NoLabelSet, f64, f64>(&value, None),
            (.., Some(whole)) => encoder.encode_gauge(&whole),
            _ => encoder.encode_gauge(&value),
        }
    }

    /// The classes of status that were answered.
    fn traffic(&mut self, labels: &[(&str, &str)], traffic: &Traffic) -> fmt::Result {
        for (histogram, status) in traffic.0.iter().zip(["1xx", "2xx", "3xx", "4xx", "5xx"]) {
            if histogram.count() > 0 {
                self.histogram(&[labels, &[("status", status)]].concat(), histogram, 1e6)?;
            }
        }
        Ok(())
    }

    /// `unit` of the recorded values make one of the shown.
    fn histogram(&mut self, labels: &[(&str, &str)], histogram: &Histogram, unit: f64) -> fmt::Result {
        let bounds = histogram.bounds.iter().map(|bound| *bound as f64 / unit).chain([f64::INFINITY]);
        let counts = histogram.counts.iter().map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = histogram.sum.load(Ordering::Relaxed) as f64 / unit;
        self.encoder.encode_family(&labels)?.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Shown(fn(Page) -> fmt::Result);
    impl Collector for Shown {
        fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
            (self.0)(Page(encoder))
        }
    }

    #[test]
    fn a_histogram_counts_up_to_each_bound() {
        let text = text_of(Shown(|mut page| {
            let histogram = Histogram::new(GROUP_SIZES);
            [1, 2, 3, 3, 500].into_iter().for_each(|v| histogram.record(v));
            page.family("size", Spread, "How many.")?.histogram(&[("of", "it")], &histogram, 1.0)
        }));
        for line in [
            "# HELP size How many.",
            "# TYPE size histogram",
            "size_bucket{of=\"it\",le=\"1\"} 1",
            "size_bucket{of=\"it\",le=\"2\"} 2",
            "size_bucket{of=\"it\",le=\"4\"} 4",
            "size_bucket{of=\"it\",le=\"128\"} 4",
            "size_bucket{of=\"it\",le=\"+Inf\"} 5",
            "size_sum{of=\"it\"} 509.0",
            "size_count{of=\"it\"} 5",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn what_is_counted_is_a_whole_number() {
        let text = text_of(Shown(|mut page| {
            page.one("done_total", Counter, "Done.", 41.0)?;
            page.one("depth", Gauge, "Depth.", -7.0)?;
            page.one("age_seconds", Gauge, "Age.", 0.25)?;
            page.one("far", Gauge, "Beyond.", 1e300)
        }));
        for line in ["done_total 41", "depth -7", "age_seconds 0.25", "far 1e300"] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn times_are_shown_in_seconds() {
        let text = text_of(Shown(|mut page| {
            let traffic = Traffic::default();
            traffic.record(201, Duration::from_micros(700));
            traffic.record(404, Duration::from_secs(30));
            page.family("t", Spread, "Times.")?.traffic(&[], &traffic)
        }));
        assert!(text.contains("t_bucket{status=\"2xx\",le=\"0.001\"} 1\n"), "{text}");
        assert!(text.contains("t_sum{status=\"2xx\"} 0.0007\n"), "{text}");
        assert!(text.contains("t_bucket{status=\"4xx\",le=\"10\"} 0\n"), "{text}");
        assert!(!text.contains("5xx"), "{text}");
    }
}
