//! Every list alike: pages as JSON, the whole selection as CSV or JSON lines, counts by word, names for versions of a
//! page. A resource brings its parameters and the query they make of them.

use super::params::{Asked, ListParams, Pairs, Params, invalid};
use super::reply::{CSV, Count, Facets, JSON, Listing, NDJSON, PageInfo, Reply};
use super::request::Cx;
use super::streaming::{Spool, Spooled, spooled};
use crate::db::Conn;
use crate::db::list::{self, Listed as Row};
use crate::error::Result;
use crate::http::context::Context;
use crate::http::csv::Table;
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;
use std::marker::PhantomData;
use utoipa::ToSchema;

/// A list as it is answered: a page, or a stream of all its rows.
pub struct Listed<T> {
    response: Answered,
    of: PhantomData<fn() -> T>,
}

enum Answered {
    Page(Reply),
    Stream(Spooled),
}

impl<T> Responder for Listed<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self.response {
            Answered::Page(reply) => reply.respond_to(request),
            Answered::Stream(spooled) => spooled.respond_to(request),
        }
    }
}

impl<T> Listed<T> {
    /// Another answer than the list, such as where it will be.
    pub fn instead(reply: Reply) -> Self {
        Self { response: Answered::Page(reply), of: PhantomData }
    }

    /// The whole selection, where that was asked for.
    pub fn into_spooled(self) -> Option<Spooled> {
        if let Answered::Stream(spooled) = self.response { Some(spooled) } else { None }
    }
}

/// The query that a list's parameters make, before it is sorted and paged.
type Rows<L> = <<L as ListParams>::Row as Row>::Query;

/// Rows a chunk of a stream.
const CHUNK: i64 = 500;

impl Cx {
    /// A list whose rows are answered one by one.
    ///
    /// # Errors
    /// `invalid-parameter` and the like; what `rows` fails with, and the database.
    pub async fn list<L, T>(
        self,
        asked: Asked<L>,
        rows: impl FnMut(&mut Conn, &Context, &L) -> Result<Rows<L>> + Send + 'static,
    ) -> Result<Listed<T>>
    where
        L: ListParams,
        T: From<L::Row> + Serialize + ToSchema + 'static,
    {
        let render = |_: &mut Conn, _: &Context, rows: Vec<L::Row>| Ok(rows.into_iter().map(T::from).collect());
        self.answer_list(asked, false, Box::new(rows), Box::new(render)).await
    }

    /// A list whose rows are made ready a page at a time, so that what they refer to is read once for all of them.
    ///
    /// # Errors
    /// As [`Cx::list`], and what `render` fails with.
    pub async fn list_with<L, T>(
        self,
        asked: Asked<L>,
        rows: impl FnMut(&mut Conn, &Context, &L) -> Result<Rows<L>> + Send + 'static,
        render: impl FnMut(&mut Conn, &Context, Vec<L::Row>) -> Result<Vec<T>> + Send + 'static,
    ) -> Result<Listed<T>>
    where
        L: ListParams,
        T: Serialize + ToSchema + 'static,
    {
        self.answer_list(asked, true, Box::new(rows), Box::new(render)).await
    }

    /// The whole selection in another form than every list has, `chunk` rows at a time. `write` learns whether the rows
    /// are the first.
    ///
    /// # Errors
    /// As [`Cx::list_with`], and what `write` fails with.
    pub async fn export_with<L, T, U>(
        self,
        asked: Asked<L>,
        (content_type, chunk): (&'static str, i64),
        rows: impl FnMut(&mut Conn, &Context, &L) -> Result<Rows<L>> + Send + 'static,
        render: impl FnMut(&mut Conn, &Context, Vec<L::Row>) -> Result<Vec<U>> + Send + 'static,
        write: impl Fn(&[U], bool) -> Result<Vec<u8>> + Send + 'static,
    ) -> Result<Listed<T>>
    where
        L: ListParams,
        T: 'static,
        U: 'static,
    {
        let mut query = L::read(asked.0)?;
        query.page().limit = chunk;
        let list = List { pairs: Pairs::new(), query, rows: Box::new(rows), render: Box::new(render) };
        Ok(Listed { response: Answered::Stream(export(self, content_type, list, write).await?), of: PhantomData })
    }

    async fn answer_list<L, T>(
        self,
        asked: Asked<L>,
        looks_up: bool,
        rows: MakeRows<L>,
        render: Render<L, T>,
    ) -> Result<Listed<T>>
    where
        L: ListParams,
        T: Serialize + ToSchema + 'static,
    {
        let facets = facets::<L>(&asked.0)?;
        let pairs = if facets.is_empty() { Pairs::new() } else { asked.0.clone() };
        let mut query = L::read(asked.0)?;
        if self.accept != JSON {
            query.page().limit = CHUNK;
        }
        let list = List { pairs, query, rows, render };
        let response = match self.accept {
            "text/csv" => {
                let table = Table::of::<T>();
                Answered::Stream(export(self, CSV, list, move |rows, first| table.lines(rows, first)).await?)
            }
            "application/x-ndjson" => Answered::Stream(export(self, NDJSON, list, |rows, _| json_lines(rows)).await?),
            _ => Answered::Page(page(self, list, facets, looks_up).await?),
        };
        Ok(Listed { response, of: PhantomData })
    }
}

type MakeRows<L> = Box<dyn FnMut(&mut Conn, &Context, &L) -> Result<Rows<L>> + Send>;
type Render<L, T> = Box<dyn FnMut(&mut Conn, &Context, Vec<<L as ListParams>::Row>) -> Result<Vec<T>> + Send>;

struct List<L: ListParams, T> {
    /// The parameters as they were sent, where words are counted: each count reads them anew, with another word.
    pairs: Pairs,
    query: L,
    rows: MakeRows<L>,
    render: Render<L, T>,
}

impl<L: ListParams, T> List<L, T> {
    /// What was made of the rows of a page, the page, and how many rows it has.
    fn page(&mut self, conn: &mut Conn, context: &Context) -> Result<(Vec<T>, PageInfo, usize)> {
        let request = self.query.page().clone();
        let (query, rows) = (&self.query, &mut self.rows);
        let found = list::page::<L::Row>(conn, &request, &mut |conn| rows(conn, context, query))?;
        let number = found.rows.len();
        let info = PageInfo { next: found.next, limit: found.limit, count: found.total.map(Into::into) };
        Ok(((self.render)(conn, context, found.rows)?, info, number))
    }

    /// How many rows the filters would leave with another word in the place of one.
    fn facet(&mut self, conn: &mut Conn, context: &Context, name: &str, word: &str) -> Result<Count> {
        let mut pairs = self.pairs.clone();
        pairs.insert(name.to_owned(), word.to_owned());
        let mut query = L::read(pairs)?;
        let request = query.page().clone();
        let rows = &mut self.rows;
        Ok(list::count::<L::Row>(conn, &request, &mut |conn| rows(conn, context, &query))?.into())
    }
}

async fn page<L, T>(
    cx: Cx,
    mut list: List<L, T>,
    facets: Vec<(&'static str, &'static [&'static str])>,
    looks_up: bool,
) -> Result<Reply>
where
    L: ListParams,
    T: Serialize + 'static,
{
    let (address, several) = (cx.address(), looks_up || list.query.page().count || !facets.is_empty());
    let job = move |conn: &mut Conn, context: &Context| {
        let (data, page, _) = list.page(conn, context)?;
        let link = page.next.as_ref().map(|next| format!("<{}>; rel=\"next\"", with_cursor(&address, next)));
        let mut counted = Facets::new();
        for (name, words) in facets {
            for word in words {
                let count = list.facet(conn, context, name, word)?;
                counted.entry(name.to_owned()).or_default().insert((*word).to_owned(), count);
            }
        }
        let facets = Some(counted).filter(|counted| !counted.is_empty());
        let reply = Reply::ok(&Listing { data, page, facets })?.named_by_content();
        Ok(match link {
            Some(link) => reply.header("Link", link),
            None => reply,
        })
    };
    if several { cx.snapshot(job).await } else { cx.read(job).await }
}

/// The coded filters to count by.
fn facets<L: Params>(pairs: &Pairs) -> Result<Vec<(&'static str, &'static [&'static str])>> {
    let coded = L::coded();
    let names: Vec<&str> = coded.iter().map(|(name, _)| *name).collect();
    let asked = pairs.get("facets").into_iter().flat_map(|names| names.split(','));
    let found = asked.map(|asked| {
        let found = coded.iter().find(|(name, _)| *name == asked).copied();
        found.ok_or_else(|| match names.as_slice() {
            [] => invalid("facets", "this list has no coded filter to count by".to_owned()),
            names => invalid("facets", format!("expected some of {}, separated by commas", names.join(", "))),
        })
    });
    found.collect()
}

/// Spools page after page, all of one moment.
async fn export<L, T>(
    cx: Cx,
    content_type: &'static str,
    mut list: List<L, T>,
    write: impl Fn(&[T], bool) -> Result<Vec<u8>> + Send + 'static,
) -> Result<Spooled>
where
    L: ListParams,
    T: 'static,
{
    let run = cx.run.clone();
    spooled(cx, content_type, move |conn: &mut Conn, context: &Context, spool: &mut Spool| {
        let (mut first, mut done) = (true, 0);
        loop {
            let (rows, page, number) = list.page(conn, context)?;
            spool.add(&write(&rows, first)?)?;
            first = false;
            done += number as i64;
            if let Some(run) = &run {
                run.progress(done, None);
            }
            let Some(next) = page.next else { return Ok(()) };
            list.query.page().cursor = Some(next);
        }
    })
    .await
}

/// Each row a line of JSON.
///
/// # Errors
/// `internal` when a row cannot be written as JSON.
pub fn json_lines(rows: &[impl Serialize]) -> Result<Vec<u8>> {
    let mut lines = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut lines, row)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

fn with_cursor(address: &str, cursor: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let pairs: Vec<String> = kept.map(str::to_owned).chain([format!("cursor={cursor}")]).collect();
    format!("{path}?{}", pairs.join("&"))
}
