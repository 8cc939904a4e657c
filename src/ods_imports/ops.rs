//! Loading a file: what each row changes is decided first, with few questions to the database, and then written at once.

use super::rules::{AboveIt, COLUMNS, Cells, Listed, Membership, OdsFile, Row, Succeeded, read};
use crate::calendar::Span;
use crate::db::Conn;
use crate::db::dialect::lock;
use crate::error::{Code, Error, Fault, Result};
use crate::http::{Context, csv};
use crate::organisations::closure;
use crate::organisations::edges::ops::{self as edges, HIERARCHY_LOCK, NewEdge};
use crate::organisations::edges::store::{EdgeRow, above};
use crate::organisations::ops::{Written, write_organisations};
use crate::organisations::rules::{EdgeKind, Organisation, OrganisationType, SuccessionKind, is_code};
use crate::organisations::store::{OrganisationRow, by_codes};
use crate::successions;
use crate::successions::rules::{Children, Succession, Successor};
use crate::vocabulary::Id;
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use utoipa::ToSchema;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct OdsImport {
    pub file: OdsFile,
    pub dry_run: bool,
    /// The day from which a new parent counts where the file gives none.
    pub on: Option<NaiveDate>,
}

/// How many rows were read, and what became of them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OdsImportCounts {
    #[schema(minimum = 0)]
    received: u32,
    #[schema(minimum = 0)]
    created: u32,
    #[schema(minimum = 0)]
    updated: u32,
    #[schema(minimum = 0)]
    unchanged: u32,
    /// Rows about what the register does not keep, such as a prescribing cost centre that is no practice.
    #[schema(minimum = 0)]
    passed_over: u32,
}

/// What a file changed, or would change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OdsImportResponse {
    file: OdsFile,
    dry_run: bool,
    counts: OdsImportCounts,
    /// Things to check, the first 1,000.
    #[schema(max_items = 1000)]
    warnings: Vec<Fault>,
}

/// The most faults and warnings of a file that are told at once.
const MOST: usize = 1000;

impl Cells for csv::Row<'_, 27> {
    fn cell(&self, column: usize) -> Option<&str> {
        self.text(column - 1)
    }
}

/// Reads the rows of a file.
///
/// # Errors
/// As [`csv::Reader`]; `malformed-body` for what begins with no code; `validation-failed` with the rows that cannot be read.
pub fn read_rows(file: Option<OdsFile>, sent: File) -> Result<Vec<Row>> {
    let mut reader = csv::Reader::headless(sent, &COLUMNS)?;
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    while let Some(row) = reader.next_row()? {
        let begins = row.cell(1).is_some_and(is_code) && row.cell(2).is_some();
        if rows.is_empty() && faults.is_empty() && !begins {
            let detail = "This is no file of the Organisation Data Service, of which each row begins with a code and a name or another code.";
            let fault = Fault::new(format!("/line/{}", row.line), "format", detail);
            return Err(Error::new(Code::MalformedBody).detail(detail).fault(fault));
        }
        let file = named(file)?;
        match read(file, &row, row.line) {
            Ok(row) => rows.push(row),
            Err(fault) => faults.push(fault),
        }
        if faults.len() >= MOST {
            break;
        }
    }
    if faults.is_empty() { Ok(rows) } else { Err(Error::validation(faults)) }
}

/// The report that a file is said to be.
///
/// # Errors
/// `validation-failed` where nothing says so.
pub fn named(file: Option<OdsFile>) -> Result<OdsFile> {
    let missing = || Error::invalid("?file", "missing", "Say which report the file is, such as file=epraccur.");
    file.ok_or_else(missing)
}

/// Loads the rows of a file.
///
/// # Errors
/// What the database fails with.
pub fn import_ods_file(
    conn: &mut Conn,
    context: &Context,
    asked: &OdsImport,
    rows: Vec<Row>,
) -> Result<OdsImportResponse> {
    lock(conn, HIERARCHY_LOCK)?;
    let mut plan = Plan { on: asked.on.unwrap_or_else(|| context.today()), ..Plan::default() };
    let (mut listed, mut memberships, mut succeeded) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        plan.counts.received += 1;
        match row {
            Row::Listed(row) => listed.push(row),
            Row::Membership(row) => memberships.push(row),
            Row::Succeeded(row) => succeeded.push(row),
            Row::PassedOver => plan.counts.passed_over += 1,
        }
    }
    plan.list(conn, listed)?;
    plan.join(conn, memberships)?;
    if !asked.dry_run {
        plan.write(conn, context)?;
    }
    plan.succeed(conn, context, succeeded, asked.dry_run)?;
    plan.warnings.truncate(MOST);
    let OdsImport { file, dry_run, .. } = *asked;
    Ok(OdsImportResponse { file, dry_run, counts: plan.counts, warnings: plan.warnings })
}

/// What is to be written.
#[derive(Default)]
struct Plan {
    on: NaiveDate,
    counts: OdsImportCounts,
    warnings: Vec<Fault>,
    organisations: Vec<Written>,
    begun: Vec<Begun>,
    ended: Vec<(EdgeRow, NaiveDate)>,
}

/// An edge that begins, by the codes of its ends.
struct Begun {
    kind: EdgeKind,
    parent: String,
    child: String,
    span: Span,
}

/// What the register has of the organisations that a file names.
struct Known {
    rows: HashMap<String, OrganisationRow>,
    /// The edges above each, by its id.
    edges: HashMap<Id, Vec<EdgeRow>>,
}

impl Known {
    fn of(conn: &mut Conn, codes: BTreeSet<String>) -> Result<Self> {
        let rows = by_codes(conn, &codes.into_iter().collect::<Vec<_>>())?;
        let ids: Vec<Id> = rows.values().map(|row| row.id).collect();
        let mut edges: HashMap<Id, Vec<EdgeRow>> = HashMap::new();
        for edge in above(conn, &ids)? {
            edges.entry(edge.child_id).or_default().push(edge);
        }
        Ok(Self { rows, edges })
    }
}

impl Plan {
    fn warn(&mut self, line: u32, code: &'static str, detail: String) {
        self.warnings.push(Fault::new(format!("/line/{line}"), code, detail));
    }

    fn list(&mut self, conn: &mut Conn, listed: Vec<Listed>) -> Result<()> {
        let parents = listed.iter().flat_map(|row| row.above.iter().flat_map(|above| above.parents.clone()));
        let codes = listed.iter().map(|row| row.code.clone()).chain(parents).collect();
        let known = Known::of(conn, codes)?;
        // What the file itself brings can be a parent too.
        let brought: BTreeSet<String> = listed.iter().map(|row| row.code.clone()).collect();
        for row in listed {
            let present = known.rows.get(&row.code);
            let new = self.organisation(present, &row)?;
            let edges = present.and_then(|present| known.edges.get(&present.id)).map(Vec::as_slice).unwrap_or_default();
            let is_there = |code: &&String| known.rows.contains_key(*code) || brought.contains(*code);
            let moved = match &row.above {
                Some(above) => match above.parents.iter().find(is_there) {
                    Some(parent) => self.place(&row.code, edges, above, &known, parent, row.line),
                    None => {
                        let codes = above.parents.join(" or ");
                        let detail = format!(
                            "{} lies below {codes}, which the register does not have. Load that first.",
                            row.code
                        );
                        self.warn(row.line, "unknown-parent", detail);
                        false
                    }
                },
                None => false,
            };
            self.count(present.is_some(), new.is_some() || moved);
            self.organisations.extend(new);
        }
        Ok(())
    }

    fn count(&mut self, exists: bool, changed: bool) {
        match (exists, changed) {
            (false, _) => self.counts.created += 1,
            (true, true) => self.counts.updated += 1,
            (true, false) => self.counts.unchanged += 1,
        }
    }

    /// The organisation as it is to be, where the file says something new of it.
    fn organisation(&mut self, present: Option<&OrganisationRow>, row: &Listed) -> Result<Option<Written>> {
        let Some(present) = present else {
            let new = Organisation {
                valid_from: row.valid_from,
                valid_to: row.valid_to,
                postcode: row.postcode.clone(),
                ..Organisation::named(&row.code, &row.name, row.kind)
            };
            return Ok(Some(Written::New(new.checked(&[])?)));
        };
        let before = present.organisation();
        if before.kind != row.kind {
            let detail = format!(
                "{} is of the type {} and not {}; its type stays.",
                row.code,
                before.kind.as_str(),
                row.kind.as_str()
            );
            self.warn(row.line, "type", detail);
        }
        let new = Organisation {
            // A name differs when its letters do, and not for how they are written.
            name: if before.name.eq_ignore_ascii_case(&row.name) { before.name.clone() } else { row.name.clone() },
            valid_from: row.valid_from.or(before.valid_from),
            valid_to: row.valid_to.or(before.valid_to),
            postcode: row.postcode.clone().or_else(|| before.postcode.clone()),
            ..before.clone()
        };
        let new = new.checked(&before.identifiers)?;
        Ok((new != before).then(|| Written::Changed(Box::new(present.clone()), new)))
    }

    /// Decides on the edges above an organisation. Says whether any changes.
    fn place(
        &mut self,
        child: &str,
        edges: &[EdgeRow],
        above: &AboveIt,
        known: &Known,
        parent: &str,
        line: u32,
    ) -> bool {
        let parent_id = known.rows.get(parent).map(|row| row.id);
        let of_kind: Vec<&EdgeRow> = edges.iter().filter(|edge| edge.kind == above.kind).collect();
        let to = above.to.unwrap_or(Span::ALWAYS.to);
        let same = of_kind.iter().filter(|edge| Some(edge.parent_id) == parent_id).max_by_key(|edge| edge.to_on);
        if let Some(edge) = same {
            // It is there. Only that it left is news.
            let ends = above.to.is_some() && edge.to_on == Span::ALWAYS.to && edge.from_on < to;
            if ends {
                self.ended.push(((*edge).clone(), to));
            }
            if ends || edge.to_on >= to || above.from.is_none_or(|from| from < edge.to_on) {
                return ends;
            }
        }
        let latest = of_kind.iter().filter(|_| above.kind == EdgeKind::Geographic).max_by_key(|edge| edge.to_on);
        let from = match latest {
            None => above.from.unwrap_or(Span::ALWAYS.from),
            Some(edge) => {
                let from = above.from.filter(|from| *from > edge.from_on).unwrap_or(self.on);
                if edge.to_on > from && edge.from_on < from {
                    self.ended.push(((*edge).clone(), from));
                } else if edge.to_on > from {
                    let detail = format!("{child} lies elsewhere from {} on. Correct its edges by hand.", edge.from_on);
                    self.warn(line, "overlap", detail);
                    return false;
                }
                from
            }
        };
        if from >= to {
            return false;
        }
        let (parent, child) = (parent.to_owned(), child.to_owned());
        self.begun.push(Begun { kind: above.kind, parent, child, span: Span { from, to } });
        true
    }

    fn join(&mut self, conn: &mut Conn, memberships: Vec<Membership>) -> Result<()> {
        let codes = memberships.iter().flat_map(|row| row.above.parents.iter().cloned().chain([row.practice.clone()]));
        let known = Known::of(conn, codes.collect())?;
        for row in memberships {
            let (practice, parent) = (known.rows.get(&row.practice), row.above.parents.first());
            let network = parent.and_then(|parent| known.rows.get(parent));
            let (Some(practice), Some(network)) = (practice, network) else {
                let detail = format!(
                    "The register has no {}.",
                    if practice.is_none() { "such practice" } else { "such network" }
                );
                self.warn(row.line, "unknown-organisation", detail);
                self.counts.passed_over += 1;
                continue;
            };
            if network.kind != OrganisationType::Pcn {
                let detail = format!("{} is no primary care network.", network.code);
                self.warn(row.line, "type", detail);
                self.counts.passed_over += 1;
                continue;
            }
            let edges = known.edges.get(&practice.id).map(Vec::as_slice).unwrap_or_default();
            let has = edges.iter().any(|edge| edge.kind == EdgeKind::Member && edge.parent_id == network.id);
            let changed = self.place(&practice.code, edges, &row.above, &known, &network.code, row.line);
            self.count(has || !changed, changed);
        }
        Ok(())
    }

    fn write(&mut self, conn: &mut Conn, context: &Context) -> Result<()> {
        write_organisations(conn, context, std::mem::take(&mut self.organisations))?;
        let codes = self.begun.iter().flat_map(|edge| [edge.parent.clone(), edge.child.clone()]);
        let codes: BTreeSet<String> = codes.collect();
        let ids: HashMap<String, Id> = by_codes(conn, &codes.into_iter().collect::<Vec<_>>())?
            .into_iter()
            .map(|(code, row)| (code, row.id))
            .collect();
        let mut changed: BTreeSet<Id> = BTreeSet::new();
        for (edge, on) in self.ended.drain(..) {
            changed.insert(edge.child_id);
            edges::end(conn, context, edge, on)?;
        }
        let mut new = Vec::with_capacity(self.begun.len());
        for Begun { kind, parent, child, span } in self.begun.drain(..) {
            let (Some(parent), Some(child)) = (ids.get(&parent).copied(), ids.get(&child).copied()) else { continue };
            changed.insert(child);
            new.push(NewEdge { kind, parent, child, span, illustrative: false });
        }
        edges::begin_many(conn, context, new)?;
        closure::rebuild_below(conn, &changed.into_iter().collect::<Vec<_>>())
    }

    /// Records the successions of which the register knows both ends and has none of that day yet.
    fn succeed(&mut self, conn: &mut Conn, context: &Context, rows: Vec<Succeeded>, dry_run: bool) -> Result<()> {
        let codes: BTreeSet<String> = rows.iter().flat_map(|row| [row.from.clone(), row.to.clone()]).collect();
        let known = by_codes(conn, &codes.into_iter().collect::<Vec<_>>())?;
        let froms: BTreeSet<Id> = rows.iter().filter_map(|row| known.get(&row.from)).map(|row| row.id).collect();
        let done = successions::store::days_of(conn, &froms)?;
        let mut joined: HashMap<(String, NaiveDate), u32> = HashMap::new();
        let mut acts: BTreeMap<(NaiveDate, String), Vec<Succeeded>> = BTreeMap::new();
        for row in rows {
            match (known.get(&row.from), known.get(&row.to)) {
                (Some(from), Some(_)) if done.contains(&(from.id, row.on)) => self.counts.unchanged += 1,
                (Some(_), Some(_)) => {
                    *joined.entry((row.to.clone(), row.on)).or_default() += 1;
                    acts.entry((row.on, row.from.clone())).or_default().push(row);
                }
                _ => self.counts.passed_over += 1,
            }
        }
        for ((effective_on, from), rows) in acts {
            let merges = |row: &Succeeded| {
                joined.get(&(row.to.clone(), effective_on)).is_some_and(|number| *number > 1)
                    || known.get(&row.to).is_some_and(|to| to.valid_from.is_none_or(|opened| opened < effective_on))
            };
            let kind = match rows.as_slice() {
                [only] if merges(only) => SuccessionKind::Merge,
                [_] => SuccessionKind::Rename,
                _ => SuccessionKind::Split,
            };
            // The file names no legal successor and no shares of several, and none is assumed.
            let to = rows.iter().map(|row| Successor { code: row.to.clone(), legal: false, share: None }).collect();
            let source = Some("Organisation Data Service, succ".to_owned());
            let act = Succession { kind, effective_on, to, children: Children::default(), source, illustrative: false };
            let number = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            let line = rows.first().map_or(0, |row| row.line);
            let outcome = successions::ops::prepare(conn, &from, act);
            match outcome {
                Ok(act) => {
                    self.counts.created += number;
                    if !dry_run {
                        act.record(conn, context)?;
                    }
                }
                Err(error) if [Code::ValidationFailed, Code::AlreadyExists].contains(&error.code()) => {
                    self.counts.passed_over += number;
                    let first = error.listed().first().map(|fault| fault.detail.clone());
                    let detail = first.unwrap_or_else(|| format!("{from} was succeeded by others already."));
                    self.warn(line, "succession", format!("{from}: {detail} Record it by hand."));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What a load of a file by the operator's verb prints.
///
/// # Errors
/// As [`read_rows`] and [`import_ods_file`].
pub fn load(conn: &mut Conn, context: &Context, asked: &OdsImport, sent: File) -> Result<String> {
    let rows = read_rows(Some(asked.file), sent)?;
    Ok(serde_json::to_string(&import_ods_file(conn, context, asked, rows)?)?)
}
