//! Serving: the HTTP server around the [`App`].

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App as Actix, HttpServer, web};

use crate::base::background::Background;
use crate::base::core::Core;
use crate::base::http::compress::{compress_whole, settle_encoding};
use crate::base::http::dispatch::App;

/// What answers the requests: the API and the pages beside it, compressed where that is worth it.
pub fn application(
    app: web::Data<App>,
) -> Actix<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    Actix::new()
        .app_data(app)
        .wrap(from_fn(compress_whole))
        .wrap(Compress::default())
        .wrap(from_fn(settle_encoding))
        .configure(crate::system::configure)
}

/// Serves until SIGTERM or Ctrl-C, then finishes what is in flight.
pub fn serve(core: Arc<Core>, listen: &str, ready: impl FnOnce(SocketAddr)) -> Result<(), String> {
    let app = web::Data::new(App::new(core.clone())?);
    crate::base::jobs::measure(&core);
    let background = Background::start(app.clone().into_inner())?;
    actix_web::rt::System::new().block_on(async move {
        let asked = asked_to_stop()?;
        let (address, running) = start(app, listen)?;
        ready(address);
        actix_web::rt::spawn(stop_when_asked(core, running.handle(), asked));
        running.await.map_err(|e| e.to_string())
    })?;
    drop(background);
    Ok(())
}

/// Starts to answer at this address, on the running system; gives the address, whose port was chosen when it was 0.
pub fn start(app: web::Data<App>, listen: &str) -> Result<(SocketAddr, Server), String> {
    let connections = app.core.web.max_connections.div_ceil(workers());
    let cannot = |e: String| format!("listen: cannot listen on {listen}: {e}");
    let server = HttpServer::new(move || application(app.clone()))
        .workers(workers())
        .worker_max_blocking_threads(4)
        // Else the end of an answer waits for the other side's delayed acknowledgement, 40 ms.
        .tcp_nodelay(true)
        // Each worker counts its own.
        .max_connections(connections)
        .client_request_timeout(std::time::Duration::from_secs(10))
        .keep_alive(std::time::Duration::from_secs(75))
        .shutdown_timeout(30)
        .disable_signals()
        .bind(listen)
        .map_err(|e| cannot(e.to_string()))?;
    let address = *server.addrs().first().ok_or_else(|| cannot("there is no such address".into()))?;
    Ok((address, server.run()))
}

/// Listens, from now on, for Ctrl-C and SIGTERM. It begins before the address is told, because whoever knows the
/// address may ask the server to stop; gives the name of what asked.
fn asked_to_stop() -> Result<impl Future<Output = &'static str>, String> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).map_err(|e| format!("cannot listen for signals: {e}"));
        let mut interrupted = listen(SignalKind::interrupt())?;
        let mut terminated = listen(SignalKind::terminate())?;
        Ok(async move {
            tokio::select! {
                _ = interrupted.recv() => "Ctrl-C",
                _ = terminated.recv() => "SIGTERM",
            }
        })
    }
    #[cfg(not(unix))]
    {
        Ok(async {
            match tokio::signal::ctrl_c().await {
                Ok(()) => "Ctrl-C",
                // Nothing can be heard, so nothing asks.
                Err(_) => std::future::pending().await,
            }
        })
    }
}

/// When it is asked to stop: what would go on for ever, such as streams of events, ends first; then the server
/// finishes what is in flight.
async fn stop_when_asked(
    core: Arc<Core>,
    server: actix_web::dev::ServerHandle,
    asked: impl Future<Output = &'static str>,
) {
    let signal = asked.await;
    log::info!("stopping after {signal}: what is in flight is finished");
    core.stopping.send_replace(true);
    server.stop(true).await;
}

fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, |n| n.get().min(8))
}
