//! `/v1/releases`.

use super::answer::{self, FigureResponse, FrozenValueResponse};
use super::differences::{GetReleaseDifferences, ReleaseDifferencesResponse, get_release_differences as compare};
use super::frozen::{self, ListReleaseFigures, ListReleaseValues};
use super::ops;
use super::rules::Release;
use super::store::{self, ListReleases};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Query, Reply, Routes};
use crate::record::Stored;
use actix_web::{get, post, web};

type ReleaseResponse = Stored<Release>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_releases)
        .service(create_release)
        .service(get_release)
        .service(list_release_figures)
        .service(list_release_values)
        .service(get_release_differences);
}

/// List releases
///
/// Lists what was published of sets of KPIs, for which periods and places.
#[utoipa::path(tag = "releases", params(ListReleases), responses((status = 200, description = "A page of releases", body = Listing<ReleaseResponse>)))]
#[get("/v1/releases")]
pub async fn list_releases(cx: Cx, asked: Asked<ListReleases>) -> Result<Listed<ReleaseResponse>> {
    cx.list_with(asked, store::list, |conn, _, rows| store::named_releases(conn, rows)).await
}

/// Publish figures of a set
///
/// Freezes the figures of the set's KPIs at these places, and the values they are made of: whatever is sent, amended, withdrawn or
/// reorganised later, they stay. The first release of a set, period and places is `provisional` or `final`; each later one names the
/// one before it, and after a final one there are only revised ones, with a reason. The set's `revisions` say how often and when. For a national-admin, the
/// manager of the KPIs' programme, and a regional lead over the places. At most 500,000 values and 50,000 figures.
#[utoipa::path(tag = "releases", request_body = Release, responses((status = 201, description = "Published", body = ReleaseResponse)))]
#[post("/v1/releases")]
pub async fn create_release(cx: Cx, body: Body<Release>) -> Result<Created<ReleaseResponse>> {
    cx.create_large(body, ops::create_release).await
}

/// Get a release
///
/// Returns what was published: of which set, period and places, when, and how settled it is.
#[utoipa::path(tag = "releases", params(IdPath), responses((status = 200, description = "The release", body = ReleaseResponse)))]
#[get("/v1/releases/{id}")]
pub async fn get_release(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<ReleaseResponse>> {
    cx.show_whole(move |conn, _| ops::get_release(conn, &path.id)).await
}

/// List the figures of a release
///
/// Lists the totals of its places as they were published: small counts are kept back and others rounded, except for those who may see
/// them as they are.
#[utoipa::path(tag = "releases", params(IdPath, ListReleaseFigures), responses((status = 200, description = "A page of figures", body = Listing<FigureResponse>)))]
#[get("/v1/releases/{id}/figures")]
pub async fn list_release_figures(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListReleaseFigures>,
) -> Result<Listed<FigureResponse>> {
    let rows = move |conn: &mut _, _: &_, asked: &_| {
        let release = ops::known(conn, &path.id)?;
        frozen::figures(conn, release.id, asked)
    };
    cx.list_with(asked, rows, answer::figures).await
}

/// List the values of a release
///
/// Lists the values that its figures were made of, as they were, of the organisations whose values you may see.
#[utoipa::path(tag = "releases", params(IdPath, ListReleaseValues), responses((status = 200, description = "A page of values", body = Listing<FrozenValueResponse>)))]
#[get("/v1/releases/{id}/values")]
pub async fn list_release_values(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListReleaseValues>,
) -> Result<Listed<FrozenValueResponse>> {
    let rows = move |conn: &mut _, context: &_, asked: &_| {
        let release = ops::known(conn, &path.id)?;
        frozen::values(conn, context, release.id, asked)
    };
    cx.list_with(asked, rows, answer::values).await
}

/// Get what differs from a release
///
/// Returns the figures that are others today, or in another release of the set, old and new, with the values and definitions that
/// changed since.
#[utoipa::path(tag = "releases", params(IdPath, GetReleaseDifferences), responses((status = 200, description = "The differences", body = ReleaseDifferencesResponse)))]
#[get("/v1/releases/{id}/differences")]
pub async fn get_release_differences(
    cx: Cx,
    path: web::Path<IdPath>,
    query: Query<GetReleaseDifferences>,
) -> Result<Reply> {
    cx.report(move |conn, context| Reply::ok(&compare(conn, context, &path.id, &query.0)?)).await
}
