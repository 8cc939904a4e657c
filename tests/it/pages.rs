//! The pages for people: the front page, the guides, the problem pages, and Swagger UI.

use crate::support::*;
use std::collections::BTreeSet;

/// What stands between two marks, wherever they occur.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    text.split(from).skip(1).filter_map(|rest| rest.split(to).next()).collect()
}

#[rstest]
#[actix_web::test]
async fn the_front_page_has_a_next_step_for_everyone_who_comes(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let page = app.anonymous().get("/").await;
    page.expect_html();
    for (visitor, guide) in [
        ("You connect another system", "/docs/guides/integrators"),
        ("You build a page or a dashboard", "/docs/guides/frontends"),
        ("You send KPI values", "/docs/guides/submitters"),
        ("You run a programme", "/docs/guides/programme-teams"),
        ("You operate this service", "/docs/guides/operations"),
    ] {
        let (_, section) = page.text().split_once(visitor).unwrap_or_else(|| panic!("{visitor} is not greeted"));
        let section = section.split("</section>").next().unwrap();
        assert!(section.contains(&format!("href=\"{guide}\"")), "{visitor}: {section}");
    }
}

#[rstest]
#[actix_web::test]
async fn every_link_of_every_page_leads_somewhere(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let (mut seen, mut waiting) = (BTreeSet::new(), vec!["/".to_owned(), "/problems/not-found".to_owned()]);
    while let Some(target) = waiting.pop() {
        if !seen.insert(target.clone()) {
            continue;
        }
        let answer = app.anonymous().get(&target).await;
        assert!(answer.status < 400, "{target}: {}", answer.status);
        if !answer.header("content-type").starts_with("text/html") || target == "/docs/" {
            continue;
        }
        let ids: BTreeSet<&str> = between(answer.text(), " id=\"", "\"").into_iter().collect();
        for link in between(answer.text(), "href=\"", "\"") {
            match link.split_once('#') {
                Some(("", section)) => assert!(ids.contains(section), "{target} has no section {section}"),
                _ if link.starts_with("https://") => {}
                Some((page, section)) => {
                    let other = app.anonymous().get(page).await;
                    assert!(other.text().contains(&format!("id=\"{section}\"")), "{target} leads to {link}");
                }
                None => waiting.push(link.to_owned()),
            }
        }
    }
    assert!(seen.iter().filter(|target| target.starts_with("/docs/guides/")).count() >= 7, "{seen:?}");
}

#[rstest]
#[actix_web::test]
async fn a_page_says_its_language_has_landmarks_and_loads_nothing(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for target in ["/", "/docs/guides/submitters", "/problems/validation-failed"] {
        let page = app.anonymous().get(target).await;
        page.expect_html();
        for needed in ["<html lang=\"en-GB\">", "<title>", "<header>", "<nav aria-label=", "<main>", "<h1"] {
            assert_eq!(page.text().matches(needed).count().min(1), 1, "{target} has no {needed}");
        }
        assert_eq!(page.text().matches("<h1").count(), 1, "{target}");
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"), "{target}");
        assert!(!page.text().contains("<script") && !page.text().contains(" src="), "{target}");
    }
    app.anonymous().get("/docs/guides/nowhere").await.problem(404, "not-found");
}

#[rstest]
#[actix_web::test]
async fn swagger_ui_opens_collapsed_with_a_box_to_filter(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let settings = app.anonymous().get("/docs/swagger-initializer.js").await;
    for setting in
        ["\"docExpansion\": \"none\"", "\"filter\": true", "\"deepLinking\": true", "\"validatorUrl\": \"none\""]
    {
        assert!(settings.text().contains(setting), "{setting}: {}", settings.text());
    }
    let document = app.anonymous().get("/openapi.json").await.expect(200);
    let authorize = document["components"]["securitySchemes"]["bearer"]["description"].as_str().unwrap();
    assert!(authorize.contains("Where it comes from"), "{authorize}");
}
