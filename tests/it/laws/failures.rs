//! One shape of failure: every code has a page, is used, and is shown by a test.

use super::{Source, sources};
use crate::support::*;
use innovation_register::error::Code;

#[rstest]
#[actix_web::test]
async fn every_code_has_a_page_that_says_what_to_do(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for code in Code::ALL {
        let page = app.anonymous().get(&format!("/problems/{}", code.as_str())).await;
        page.expect_html();
        assert!(page.text().contains(code.title()) && page.text().contains(code.as_str()), "{}", page.text());
        assert!(code.meaning().len() > 40, "{}: say what happened and what to do about it", code.as_str());
    }
    app.anonymous().get("/problems/no-such-code").await.problem(404, "not-found");
}

#[test]
fn every_code_is_told_somewhere() {
    let code: Vec<Source> = sources("src").into_iter().filter(|file| file.path != "src/error.rs").collect();
    let raised = |name: &str| {
        let shortcut = match name {
            "Internal" => "Error::internal(",
            "NotFound" => "Error::not_found(",
            "VersionMismatch" => "Error::changed(",
            "ValidationFailed" => "Error::invalid(",
            _ => "Code::",
        };
        code.iter().any(|file| {
            file.code().any(|(_, line)| {
                let named = line
                    .match_indices(&format!("Code::{name}"))
                    .any(|(at, found)| !line[at + found.len()..].starts_with(|c: char| c.is_alphanumeric()));
                named || (shortcut != "Code::" && line.contains(shortcut))
            })
        })
    };
    let idle: Vec<&str> =
        Code::ALL.iter().filter(|code| !raised(&format!("{code:?}"))).map(|code| code.as_str()).collect();
    assert!(idle.is_empty(), "nothing raises these codes, so the table promises what never happens: {idle:?}");
}

#[test]
fn every_code_is_shown_by_a_test() {
    let tests: Vec<Source> =
        sources("tests").into_iter().filter(|file| !file.path.ends_with("laws/failures.rs")).collect();
    let shown = |code: &Code| tests.iter().any(|file| file.text.contains(&format!("\"{}\")", code.as_str())));
    let dark: Vec<&str> = Code::ALL.iter().filter(|code| !shown(code)).map(|code| code.as_str()).collect();
    assert!(dark.is_empty(), "no test asserts problem(.., \"code\") for: {dark:?}");
}
