//! `/v1/code-lists`.

use super::lists::{CodeList, all, find};
use crate::error::{Error, Result};
use crate::http::{Answer, Collection, Cx, Routes};
use actix_web::{get, web};
use serde::Serialize;
use utoipa::ToSchema;

pub fn routes(routes: &mut Routes) {
    routes.service(list_code_lists).service(get_code_list);
}

/// A code list, without its words.
#[derive(Serialize, ToSchema)]
pub struct CodeListSummaryResponse {
    #[schema(example = "stages", max_length = 60)]
    name: &'static str,
    #[schema(example = "How far an innovation has come", max_length = 200)]
    title: &'static str,
    /// The number of words.
    #[schema(minimum = 1, maximum = 1000)]
    count: usize,
}

/// A code list.
#[derive(Serialize, ToSchema)]
pub struct CodeListResponse {
    #[schema(example = "stages", max_length = 60)]
    name: &'static str,
    #[schema(example = "How far an innovation has come", max_length = 200)]
    title: &'static str,
    /// The words, in their order.
    #[schema(max_items = 1000)]
    codes: Vec<CodeResponse>,
    /// The editions that the words can be of, such as those of the indices of deprivation; left out where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 20, nullable = false, value_type = Option<Vec<String>>)]
    editions: Option<&'static [&'static str]>,
}

/// A word with its label for people.
#[derive(Serialize, ToSchema)]
pub struct CodeResponse {
    /// The word that the API reads and writes. It never changes.
    #[schema(example = "proof-of-concept", max_length = 60)]
    code: &'static str,
    /// The label. It may be reworded.
    #[schema(example = "Proof of concept", max_length = 200)]
    label: String,
}

impl From<&'static CodeList> for CodeListResponse {
    fn from(list: &'static CodeList) -> Self {
        let codes = list.codes().into_iter().map(|(code, label)| CodeResponse { code, label }).collect();
        Self { name: list.name, title: list.title, codes, editions: list.editions() }
    }
}

/// List the code lists
///
/// Lists the closed lists of words that the API uses, by name.
#[utoipa::path(tag = "code-lists", responses((status = 200, description = "The lists", body = Collection<CodeListSummaryResponse>)))]
#[get("/v1/code-lists")]
pub async fn list_code_lists(_: Cx) -> Result<Answer<Collection<CodeListSummaryResponse>>> {
    let summary = |list: &CodeList| CodeListSummaryResponse { name: list.name, title: list.title, count: list.count() };
    Answer::ok(&Collection { data: all().into_iter().map(summary).collect() })
}

/// Get a code list
///
/// Returns the words of the list, each with a label for people.
#[utoipa::path(
    tag = "code-lists",
    params(("name" = String, Path, description = "The list's name", example = "stages", pattern = "^[a-z-]{1,60}$", max_length = 60)),
    responses((status = 200, description = "The list", body = CodeListResponse, headers(("ETag" = String)))),
)]
#[get("/v1/code-lists/{name}")]
pub async fn get_code_list(_: Cx, name: web::Path<String>) -> Result<Answer<CodeListResponse>> {
    let list = find(&name).ok_or_else(|| Error::not_found("code list"))?;
    Ok(Answer::ok(&CodeListResponse::from(list))?.named_by_content())
}
