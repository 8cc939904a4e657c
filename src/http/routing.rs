//! From the list of operations to the router, and to the API document.

use actix_web::dev::HttpServiceFactory;
use actix_web::web::ServiceConfig;
use utoipa::openapi::{Components, OpenApi};
use utoipa_actix_web::OpenApiFactory;

/// Where operations are registered: a worker's router, which takes what answers them, or the API document, which the
/// process collects once, and which takes what describes them.
pub enum Routes<'a> {
    Router(&'a mut ServiceConfig),
    Document(&'a mut OpenApi),
}

impl Routes<'_> {
    pub fn service<F: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, operation: F) -> &mut Self {
        match self {
            Self::Router(config) => {
                config.service(operation);
            }
            Self::Document(document) => {
                document.paths.merge(operation.paths());
                let mut schemas = Vec::new();
                operation.schemas(&mut schemas);
                document.components.get_or_insert_with(Components::new).schemas.extend(schemas);
            }
        }
        self
    }
}
