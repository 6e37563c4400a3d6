//! Bringing a database up to this program's schema. One folder per area under `migrations/`, portable SQL; a
//! file for one engine only (`up.sqlite.sql`, `up.postgres.sql`) where they must differ.

use diesel::backend::Backend;
use diesel::connection::BoxableConnection;
use diesel::migration::{
    self, Migration, MigrationMetadata, MigrationName, MigrationSource, MigrationVersion,
};
use diesel_migrations::MigrationHarness;

use super::{Conn, EngineConn, Target};

struct Step {
    name: &'static str,
    portable: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! step {
    ($name:literal) => {
        Step {
            name: $name,
            portable: include_str!(concat!("../../../../migrations/", $name, "/up.sql")),
            sqlite: "",
            postgres: "",
        }
    };
    ($name:literal, and PostgreSQL) => {
        Step {
            name: $name,
            portable: include_str!(concat!("../../../../migrations/", $name, "/up.sql")),
            sqlite: "",
            postgres: include_str!(concat!("../../../../migrations/", $name, "/up.postgres.sql")),
        }
    };
    ($name:literal, both engines) => {
        Step {
            name: $name,
            portable: include_str!(concat!("../../../../migrations/", $name, "/up.sql")),
            sqlite: include_str!(concat!("../../../../migrations/", $name, "/up.sqlite.sql")),
            postgres: include_str!(concat!("../../../../migrations/", $name, "/up.postgres.sql")),
        }
    };
}

/// In the order that they build on each other.
const STEPS: &[Step] = &[
    step!("0001_base", both engines),
    step!("0002_people"),
    step!("0003_customers"),
    step!("0004_products"),
    step!("0005_orders"),
    step!("0006_events"),
    step!("0007_external_ids"),
    step!("0008_jobs"),
    step!("0009_webhooks"),
    step!("0010_imports"),
    step!("0012_clients"),
    step!("0013_deadlines"),
    step!("0014_notifications"),
    step!("0015_complaints"),
    step!("0017_relations"),
    step!("0018_schedules"),
    step!("0019_coordination"),
    step!("0020_fulfilment"),
    step!("0021_customers"),
    step!("0022_replacements"),
    step!("0023_team_names"),
    step!("0024_guards", and PostgreSQL),
    step!("0025_signed_journal"),
    step!("0026_order_reps"),
    step!("0027_merge_terms"),
    step!("0028_revision_proposals"),
    step!("0040_backups"),
    step!("0050_forms"),
    step!("0051_supplier_keys"),
];

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    #[error("the database does not answer: {0}")]
    Connection(#[from] diesel::ConnectionError),
    #[error("the database was made by a newer salesdesk (it has {0}); use that one, or restore a backup")]
    Newer(String),
    #[error("a migration failed: {0}")]
    Failed(String),
}

struct Named(&'static str);
impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}
impl MigrationName for Named {
    fn version(&self) -> MigrationVersion<'_> {
        MigrationVersion::from(self.0.split('_').next().unwrap_or(self.0))
    }
}
struct Metadata;
impl MigrationMetadata for Metadata {}

struct OneStep {
    name: Named,
    sql: String,
}
impl<DB: Backend> Migration<DB> for OneStep {
    fn run(&self, conn: &mut dyn BoxableConnection<DB>) -> migration::Result<()> {
        Ok(conn.batch_execute(&self.sql)?)
    }
    fn revert(&self, _: &mut dyn BoxableConnection<DB>) -> migration::Result<()> {
        Err("an upgrade is undone by restoring the backup that was made before it".into())
    }
    fn metadata(&self) -> &dyn MigrationMetadata {
        &Metadata
    }
    fn name(&self) -> &dyn MigrationName {
        &self.name
    }
}

struct Source {
    sqlite: bool,
}
impl<DB: Backend> MigrationSource<DB> for Source {
    fn migrations(&self) -> migration::Result<Vec<Box<dyn Migration<DB>>>> {
        Ok(STEPS
            .iter()
            .map(|step| {
                let sql = match self.sqlite {
                    true => format!("{}\n{}", step.portable, step.sqlite),
                    // SQLite compares texts byte by byte; so that a list is in the same order on PostgreSQL,
                    // whatever the database's locale, its columns do the same.
                    false => format!("{}\n{}", step.portable, step.postgres)
                        .replace(" TEXT", " TEXT COLLATE \"C\""),
                };
                Box::new(OneStep { name: Named(step.name), sql }) as Box<dyn Migration<DB>>
            })
            .collect())
    }
}

/// Runs what is missing and says which steps that were. Safe to call from several programs at once; refuses a
/// database that knows steps which this program does not.
pub fn run(target: &Target) -> Result<Vec<String>, MigrationError> {
    match &mut target.connect()?.engine {
        EngineConn::Sqlite(conn) => {
            refuse_newer(conn)?;
            pending(conn, true)
        }
        EngineConn::Pg(conn) => {
            use diesel::connection::SimpleConnection;
            // Two instances that start together: the second waits for the first, then finds nothing to do.
            let lock = |conn: &mut diesel::PgConnection, sql| {
                conn.batch_execute(sql).map_err(|e| MigrationError::Failed(e.to_string()))
            };
            lock(conn, "SET lock_timeout = 0; SET statement_timeout = 0; SELECT pg_advisory_lock(7281001)")?;
            refuse_newer(conn)?;
            let done = pending(conn, false)?;
            lock(conn, "SELECT pg_advisory_unlock(7281001)")?;
            Ok(done)
        }
    }
}

/// The steps that this database lacks; found by reading alone.
pub fn pending_on(conn: &mut Conn) -> Result<Vec<&'static str>, diesel::result::Error> {
    let applied = applied_on(conn)?;
    Ok(STEPS.iter().filter(|step| !applied.contains(&version_of(step))).map(|step| step.name).collect())
}

/// The versions of the steps that this database has; found by reading alone.
pub fn applied_on(conn: &mut Conn) -> Result<Vec<String>, diesel::result::Error> {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Applied {
        #[diesel(sql_type = diesel::sql_types::Text)]
        version: String,
    }
    let applied: Vec<Applied> =
        diesel::sql_query("SELECT version FROM __diesel_schema_migrations ORDER BY version").load(conn)?;
    Ok(applied.into_iter().map(|applied| applied.version).collect())
}

/// The first of these versions that this program does not know: a newer one made it.
pub fn unknown_of(versions: &[String]) -> Option<&str> {
    let is_known = |version: &&String| STEPS.iter().any(|step| version_of(step) == **version);
    versions.iter().find(|version| !is_known(version)).map(String::as_str)
}

fn version_of(step: &Step) -> String {
    Named(step.name).version().to_string()
}

fn refuse_newer<C, DB>(conn: &mut C) -> Result<(), MigrationError>
where
    DB: Backend,
    C: MigrationHarness<DB>,
{
    let applied = conn.applied_migrations().map_err(|e| MigrationError::Failed(e.to_string()))?;
    let known: Vec<MigrationVersion<'static>> =
        STEPS.iter().map(|s| Named(s.name).version().as_owned()).collect();
    match applied.iter().find(|v| !known.contains(v)) {
        Some(unknown) => Err(MigrationError::Newer(unknown.to_string())),
        None => Ok(()),
    }
}

fn pending<C, DB>(conn: &mut C, sqlite: bool) -> Result<Vec<String>, MigrationError>
where
    DB: Backend,
    C: MigrationHarness<DB>,
{
    let versions =
        conn.run_pending_migrations(Source { sqlite }).map_err(|e| MigrationError::Failed(e.to_string()))?;
    Ok(versions.iter().map(ToString::to_string).collect())
}
