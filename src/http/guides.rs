//! The repository's guides as pages: Markdown turned into HTML once, links between guides made to lead to each other.

use super::documents::{escaped, page};
use crate::error::Error;
use actix_web::{HttpResponse, web};
use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A guide of the repository.
pub struct Guide {
    /// Its name in the address of its page.
    pub name: &'static str,
    /// Its file below `docs/`.
    file: &'static str,
    markdown: &'static str,
}

macro_rules! guides {
    ($($name:literal = $file:literal;)*) => {
        /// Every guide that is served, each as `/docs/guides/{name}`.
        pub const GUIDES: &[Guide] =
            &[$(Guide { name: $name, file: $file, markdown: include_str!(concat!("../../docs/", $file)) },)*];
    };
}

guides! {
    "api-fundamentals" = "api-fundamentals.md";
    "integrators" = "guide-integrators.md";
    "frontends" = "guide-frontends.md";
    "submitters" = "guide-submitters.md";
    "programme-teams" = "guide-programme-teams.md";
    "reporting-cycle" = "guide-reporting-cycle.md";
    "operations" = "operations.md";
    "performance" = "performance.md";
    "security" = "security.md";
}

/// A guide as it is served: its title and its HTML.
struct Rendered {
    title: String,
    body: String,
}

static RENDERED: LazyLock<Vec<(&'static str, Rendered)>> =
    LazyLock::new(|| GUIDES.iter().map(|guide| (guide.name, render(guide.markdown))).collect());

/// Answers a guide as a page.
///
/// # Errors
/// `not-found` for a name that no guide has.
pub async fn get_guide(name: web::Path<String>) -> Result<HttpResponse, Error> {
    let found = RENDERED.iter().find(|(known, _)| *known == name.as_str());
    let (_, guide) = found.ok_or_else(|| Error::not_found("guide"))?;
    Ok(page(&guide.title, &guide.body))
}

/// A heading: how deep it is, what it says, and the anchor that leads to it.
struct Heading {
    level: HeadingLevel,
    text: String,
    anchor: String,
}

fn render(markdown: &str) -> Rendered {
    let events: Vec<Event<'_>> = Parser::new_ext(markdown, Options::ENABLE_TABLES).collect();
    let headings = headings(&events);
    let title = headings.first().map(|heading| heading.text.clone()).unwrap_or_default();
    let mut anchors = headings.iter();
    let mut linked = true;
    let mut contents = Some(contents(&headings));
    let events = events.into_iter().flat_map(|event| -> Vec<Event<'_>> {
        match event {
            Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
                let id = anchors.next().map(|heading| CowStr::from(heading.anchor.clone()));
                vec![Event::Start(Tag::Heading { level, id, classes, attrs })]
            }
            // The way to the sections stands below the title.
            Event::End(TagEnd::Heading(HeadingLevel::H1)) => {
                let contents = contents.take().map(|contents| Event::Html(contents.into()));
                std::iter::once(event).chain(contents).collect()
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => match target(&dest_url) {
                Some(dest_url) => vec![Event::Start(Tag::Link { link_type, dest_url: dest_url.into(), title, id })],
                None => {
                    linked = false;
                    Vec::new()
                }
            },
            Event::End(TagEnd::Link) if !std::mem::replace(&mut linked, true) => Vec::new(),
            // What is wider than the page scrolls by itself, also from the keyboard.
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = if let CodeBlockKind::Fenced(language) = kind { language } else { CowStr::from("") };
                let class = escaped(&language);
                vec![Event::Html(format!("<pre tabindex=\"0\"><code class=\"language-{class}\">").into())]
            }
            Event::End(TagEnd::CodeBlock) => vec![Event::Html("</code></pre>\n".into())],
            Event::Start(Tag::Table(_)) => vec![Event::Html("<div class=\"wide\" tabindex=\"0\">".into()), event],
            Event::End(TagEnd::Table) => vec![event, Event::Html("</div>\n".into())],
            other => vec![other],
        }
    });
    let mut body = String::with_capacity(markdown.len() * 2);
    html::push_html(&mut body, events);
    Rendered { title, body }
}

fn headings(events: &[Event<'_>]) -> Vec<Heading> {
    let mut found: Vec<Heading> = Vec::new();
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut open = None;
    for event in events {
        match event {
            Event::Start(Tag::Heading { level, .. }) => open = Some((*level, String::new())),
            Event::Text(text) | Event::Code(text) => open.iter_mut().for_each(|(_, said)| said.push_str(text)),
            Event::End(TagEnd::Heading(_)) => {
                let Some((level, text)) = open.take() else { continue };
                let anchor = anchor(&text);
                let before = seen.entry(anchor.clone()).or_default();
                let anchor = if *before == 0 { anchor } else { format!("{anchor}-{before}") };
                *before += 1;
                found.push(Heading { level, text, anchor });
            }
            _ => {}
        }
    }
    found
}

/// The anchor of a heading, as other readers of Markdown make it: lower case, hyphens for spaces, no punctuation.
fn anchor(text: &str) -> String {
    let kept =
        text.to_lowercase().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect::<String>();
    kept.replace(' ', "-")
}

fn contents(headings: &[Heading]) -> String {
    let sections = headings.iter().filter(|heading| heading.level == HeadingLevel::H2);
    let links =
        sections.map(|heading| format!("<li><a href=\"#{}\">{}</a></li>", heading.anchor, escaped(&heading.text)));
    format!("<nav aria-label=\"Sections\"><ul>{}</ul></nav>\n", links.collect::<String>())
}

/// Where a link leads: to the page of a guide, to another site, or to a section of the same page. A link to a file that is
/// not served leads nowhere: its words alone stay.
fn target(link: &str) -> Option<String> {
    if link.starts_with("https://") || link.starts_with('#') || link.starts_with('/') {
        return Some(link.to_owned());
    }
    let (file, section) = link.split_once('#').map_or((link, None), |(file, section)| (file, Some(section)));
    let guide = GUIDES.iter().find(|guide| guide.file == file)?;
    let section = section.map(|section| format!("#{section}")).unwrap_or_default();
    Some(format!("/docs/guides/{}{section}", guide.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guide_becomes_a_page_with_anchors_and_a_way_to_its_sections() {
        let page = render("# The *API*\n\nText.\n\n## Lists & `q`\n\n## Lists & `q`\n");
        assert_eq!(page.title, "The API");
        assert!(page.body.contains("<h1 id=\"the-api\">"), "{}", page.body);
        assert!(page.body.contains("<li><a href=\"#lists--q\">Lists &amp; q</a></li>"), "{}", page.body);
        assert!(page.body.contains("<h2 id=\"lists--q-1\">"), "{}", page.body);
    }

    #[test]
    fn links_lead_to_pages_that_are_served_and_to_nothing_else() {
        let page =
            render("[one](api-fundamentals.md#lists) [two](../README.md) [three](https://example.org/) [four](#here)");
        assert!(page.body.contains("<a href=\"/docs/guides/api-fundamentals#lists\">one</a> two "), "{}", page.body);
        assert!(page.body.contains("href=\"https://example.org/\"") && page.body.contains("href=\"#here\""));
    }

    #[test]
    fn commands_are_kept_as_text() {
        let page = render("```sh\ncurl \"$URL\" | head -1 # => <svg\n```\n");
        let expected =
            "<pre tabindex=\"0\"><code class=\"language-sh\">curl \"$URL\" | head -1 # =&gt; &lt;svg\n</code></pre>\n";
        assert_eq!(page.body.replace("<nav aria-label=\"Sections\"><ul></ul></nav>\n", ""), expected);
    }
}
