//! What is told of a total to readers without the grant to see small counts: each total of a tree of places, and of the members of
//! each dimension, is decided after those it is made of, so that the same total is told whoever asks for what, and none of them tells what
//! another keeps back.

use super::rules::{Arithmetic, Observation, Stand, Tallies};
use super::standing::Standing;
use super::store::Area;
use crate::db::Conn;
use crate::disclosure::{Nested, rounded};
use crate::error::Result;
use crate::kpis::catalogue::rules::{Aggregation, ValueType, split_breakdown};
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::values::rules::ScaledValue;
use crate::organisations::rules::{Geography, OrganisationType};
use crate::organisations::store::{Line, lines};
use crate::vocabulary::Id;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Which counts of a KPI's values are protected, whatever is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guarded {
    Values,
    /// Numerators and denominators, and of a share what is left of it.
    Parts {
        is_share: bool,
    },
    /// The numbers of things behind means.
    Weights,
}

impl Guarded {
    fn of(kpi: &KpiRow) -> Option<Self> {
        match kpi.aggregation {
            Aggregation::Sum if kpi.value_type == ValueType::Count => Some(Self::Values),
            Aggregation::RatioOfSums => Some(Self::Parts { is_share: kpi.value_type.is_share() }),
            Aggregation::Mean => Some(Self::Weights),
            Aggregation::Sum | Aggregation::None | Aggregation::UniqueCount => None,
        }
    }

    /// The counts of a value; none where it lacks one.
    fn counts(self, value: ScaledValue) -> Option<Vec<i64>> {
        match self {
            Self::Values => Some(vec![value.value]),
            Self::Weights => Some(vec![value.denominator?]),
            Self::Parts { is_share } => {
                let (above, below) = (value.numerator?, value.denominator?);
                Some([above, below].into_iter().chain(is_share.then_some(below - above)).collect())
            }
        }
    }
}

/// A series of totals: of a combination of members, of one member of one of several dimensions, or of all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    Combination(String),
    Member(String),
    All,
}

impl Column {
    /// That of a combination of members, or of all.
    pub fn of(breakdown: Option<&str>) -> Self {
        breakdown.map_or(Self::All, |text| Self::Combination(text.to_owned()))
    }

    /// That of one member of a dimension, of a KPI with so many of them.
    pub fn member(dimension: &str, member: &str, dimensions: usize) -> Self {
        let text = format!("{dimension}={member}");
        if dimensions == 1 { Self::Combination(text) } else { Self::Member(text) }
    }

    /// Those of the members of several dimensions that a combination is made of.
    fn members(&self) -> Vec<Self> {
        let Self::Combination(text) = self else { return Vec::new() };
        let split = split_breakdown(text);
        let several = split.iter().filter(|_| split.len() > 1);
        several.map(|(dimension, member)| Self::Member(format!("{dimension}={member}"))).collect()
    }
}

/// Where the organisations of a place lie in it.
pub struct Tree {
    root: Id,
    /// Who lies right above each by geography; the place itself where nobody else does.
    parents: HashMap<Id, Id>,
    /// Whether the place is one of the nested ones. Networks lie across boards, and what is closed across what came after: their totals
    /// beside those of boards would tell what lies between.
    is_nested: bool,
    is_exact: bool,
}

/// The kinds of places that others do not lie in by geography.
const ACROSS: [OrganisationType; 2] = [OrganisationType::Hin, OrganisationType::Pcn];

impl Tree {
    /// # Errors
    /// What the database fails with.
    pub fn of(conn: &mut Conn, area: Area, organisations: &[Id]) -> Result<Self> {
        let (root, map) = match area {
            Area::Organisation(id) => {
                return Ok(Self { root: id, parents: HashMap::new(), is_nested: true, is_exact: false });
            }
            Area::Place { id, map } => (id, map),
        };
        let on_map =
            |all: Vec<Line>| -> Vec<Line> { all.into_iter().filter(|line| line.days.holds(map.as_of)).collect() };
        let own = on_map(lines(conn, organisations)?);
        let above: BTreeSet<Id> = own.iter().map(|line| line.above).chain([root]).collect();
        let higher = on_map(lines(conn, &above.into_iter().collect::<Vec<_>>())?);
        let kind = higher.iter().find(|line| line.of == root && line.above == root).map(|line| line.kind);
        let mut lines: HashMap<Id, BTreeSet<Id>> = HashMap::new();
        for line in own.iter().chain(&higher).filter(|line| !ACROSS.contains(&line.kind)) {
            lines.entry(line.of).or_default().insert(line.above);
        }
        let depth = |of: Id| lines.get(&of).map_or(0, BTreeSet::len);
        let parent = |of: Id| {
            let inside = |above: &Id| {
                *above != of && *above != root && lines.get(above).is_some_and(|those| those.contains(&root))
            };
            lines
                .get(&of)
                .and_then(|those| those.iter().copied().filter(inside).max_by_key(|above| (depth(*above), *above)))
        };
        let parents = lines.keys().filter(|of| **of != root).map(|of| (*of, parent(*of).unwrap_or(root))).collect();
        Ok(Self {
            root,
            parents,
            is_nested: map.geography == Geography::Current && kind.is_none_or(|kind| !ACROSS.contains(&kind)),
            is_exact: kind == Some(OrganisationType::England),
        })
    }
}

/// What is told of totals, by place, column and first day of the period: the counts that are protected. What is kept back is not in it.
#[derive(Default)]
pub struct Told(HashMap<(Id, Column, NaiveDate), Vec<i64>>);

impl Told {
    pub fn counts(&self, place: Id, column: &Column, start: NaiveDate) -> Option<&[i64]> {
        self.0.get(&(place, column.clone(), start)).map(Vec::as_slice)
    }

    /// Puts what is told of a place in the stead of what is true of it.
    pub fn tell(&self, by: Arithmetic, tallies: &mut Tallies, place: Id, column: &Column) {
        tallies.tell(by, |start| self.counts(place, column, start));
    }
}

/// The organisations that have a part in these.
pub fn organisations(observations: &[Observation]) -> BTreeSet<Id> {
    observations.iter().map(|one| one.organisation).collect()
}

/// What is told of a place to those who see nothing of it as it is.
///
/// # Errors
/// What the database fails with.
pub fn of_place(
    conn: &mut Conn,
    kpi: &KpiRow,
    by: Arithmetic,
    standing: &Standing,
    observations: &[Observation],
    area: Area,
) -> Result<Option<Told>> {
    let organisations: Vec<Id> = organisations(observations).into_iter().collect();
    let tree = Tree::of(conn, area, &organisations)?;
    Ok(told(kpi, by, standing, observations, &tree, &BTreeSet::new()))
}

/// A value that is added up.
struct Cell<'a> {
    organisation: Id,
    breakdown: &'a str,
    counts: Vec<i64>,
    is_own: bool,
    /// Whether it is a part of another's value by shares, so that everybody can work it out.
    is_part: bool,
}

/// A total before it is told.
#[derive(Default)]
struct Sum {
    /// By kind of count; empty where nobody else has a part in it.
    at: Vec<usize>,
    has_own: bool,
    /// How many others' series have a part in it, other than nought.
    others: usize,
}

/// What is told of the place, and of the places in it that are asked for, in every period; none where the KPI protects nothing.
pub fn told(
    kpi: &KpiRow,
    by: Arithmetic,
    standing: &Standing,
    observations: &[Observation],
    tree: &Tree,
    places: &BTreeSet<Id>,
) -> Option<Told> {
    let guarded = Guarded::of(kpi)?;
    let mut periods: BTreeMap<NaiveDate, Vec<Cell<'_>>> = BTreeMap::new();
    for one in observations.iter().filter(|one| standing.of(one, by.period(one.start)) != Stand::Elsewhere) {
        let Some(counts) = guarded.counts(one.value) else { continue };
        periods.entry(one.start).or_default().push(Cell {
            organisation: one.organisation,
            breakdown: standing.breakdown(one.series),
            counts,
            is_own: one.is_own,
            is_part: standing.is_part(one.organisation, by.period(one.start)),
        });
    }
    let mut told = Told::default();
    for (start, mut cells) in periods {
        // Counts of whole things are worked out as such, whatever the decimals.
        let one = 10_i64.pow(u32::from(by.decimals));
        let is_whole = cells.iter().flat_map(|cell| &cell.counts).all(|count| count % one == 0);
        let (unit, one) = if is_whole { (one, 1) } else { (1, one) };
        cells.iter_mut().flat_map(|cell| &mut cell.counts).for_each(|count| *count /= unit);
        let kinds = cells.first().map_or(0, |cell| cell.counts.len());
        let mut telling = Telling {
            tree,
            places,
            start,
            one,
            unit,
            nested: vec![Nested::new(one); kinds],
            cells: BTreeMap::new(),
            children: BTreeMap::new(),
            told: &mut told,
        };
        telling.place(cells);
        if tree.is_nested {
            telling.visit(tree.root);
        } else {
            telling.across();
        }
    }
    Some(told)
}

/// The totals of a period as they are told one after the other.
struct Telling<'a> {
    tree: &'a Tree,
    places: &'a BTreeSet<Id>,
    start: NaiveDate,
    one: i64,
    /// What the counts were divided by.
    unit: i64,
    nested: Vec<Nested>,
    cells: BTreeMap<Id, Vec<Cell<'a>>>,
    children: BTreeMap<Id, BTreeSet<Id>>,
    told: &'a mut Told,
}

type Sums = BTreeMap<Column, Sum>;

impl<'a> Telling<'a> {
    /// Puts each value at its organisation, and each organisation in the places above it.
    fn place(&mut self, cells: Vec<Cell<'a>>) {
        for cell in cells {
            let mut at = cell.organisation;
            while at != self.tree.root {
                let above = self.tree.parents.get(&at).copied().unwrap_or(self.tree.root);
                if !self.children.entry(above).or_default().insert(at) {
                    break;
                }
                at = above;
            }
            self.cells.entry(cell.organisation).or_default().push(cell);
        }
    }

    /// Tells the totals of a place, once those in it are told.
    fn visit(&mut self, place: Id) -> Sums {
        let mut parts = Vec::new();
        if let Some(cells) = self.cells.remove(&place) {
            parts.push(self.series_of(&cells));
        }
        for child in self.children.remove(&place).unwrap_or_default() {
            parts.push(self.visit(child));
        }
        let columns: BTreeSet<Column> = parts.iter().flat_map(|sums| sums.keys().cloned()).collect();
        let sum = |column: Column| {
            let sum = self.add(parts.iter().filter_map(|sums| sums.get(&column)));
            (column, sum)
        };
        let sums: Sums = columns.into_iter().map(sum).collect();
        self.link(&sums);
        let is_exact = self.tree.is_exact && place == self.tree.root;
        for (column, sum) in &sums {
            let told = self.tell(sum, is_exact);
            if let Some(counts) = told.filter(|_| place == self.tree.root || self.places.contains(&place)) {
                self.note(place, column.clone(), counts);
            }
        }
        sums
    }

    /// The series of an organisation itself, which are told one by one, and their totals.
    fn series_of(&mut self, cells: &[Cell<'a>]) -> Sums {
        let mut sums = Sums::new();
        let mut all = Vec::new();
        for cell in cells {
            let mut sum = Sum { has_own: cell.is_own, ..Sum::default() };
            if !cell.is_own {
                sum.others = usize::from(cell.counts.iter().any(|count| *count != 0));
                let kinds = self.nested.iter_mut().zip(&cell.counts);
                let count = |(nested, count): (&mut Nested, &i64)| {
                    if cell.is_part { nested.known(*count) } else { nested.count(*count) }
                };
                sum.at = kinds.map(count).collect();
            }
            if cell.breakdown.is_empty() {
                all.push(sum);
            } else {
                sums.insert(Column::Combination(cell.breakdown.to_owned()), sum);
            }
        }
        let mut members: BTreeMap<Column, Vec<&Sum>> = BTreeMap::new();
        for (column, sum) in &sums {
            for member in column.members() {
                members.entry(member).or_default().push(sum);
            }
        }
        let members: Vec<(Column, Sum)> =
            members.into_iter().map(|(column, parts)| (column, self.add(parts))).collect();
        let is_broken_down = !sums.is_empty();
        let total = self.add(sums.values().chain(&all));
        sums.extend(members);
        sums.insert(Column::All, if is_broken_down { total } else { all.pop().unwrap_or(total) });
        if is_broken_down {
            self.link(&sums);
            for (_, sum) in sums.iter().filter(|(column, _)| !matches!(column, Column::Combination(_))) {
                self.tell(sum, false);
            }
        }
        sums
    }

    fn add<'s>(&mut self, parts: impl IntoIterator<Item = &'s Sum>) -> Sum {
        let mut sum = Sum::default();
        let mut at = vec![Vec::new(); self.nested.len()];
        for part in parts {
            sum.has_own |= part.has_own;
            sum.others += part.others;
            at.iter_mut().zip(&part.at).for_each(|(all, one)| all.push(*one));
        }
        if at.iter().any(|parts| !parts.is_empty()) {
            sum.at = self.nested.iter_mut().zip(at).map(|(nested, parts)| nested.total(parts)).collect();
        }
        sum
    }

    /// What the totals of a place are to each other: the members of a dimension are all, and each is all combinations with it.
    fn link(&mut self, sums: &Sums) {
        let mut whole: BTreeMap<String, Vec<&Sum>> = BTreeMap::new();
        let mut members: BTreeMap<Column, Vec<&Sum>> = BTreeMap::new();
        for (column, sum) in sums.iter().filter(|(_, sum)| !sum.at.is_empty()) {
            match column {
                Column::All => {}
                Column::Member(text) => {
                    let dimension = text.split('=').next().unwrap_or_default();
                    whole.entry(dimension.to_owned()).or_default().push(sum);
                }
                Column::Combination(_) => {
                    whole.entry(String::new()).or_default().push(sum);
                    for member in column.members() {
                        members.entry(member).or_default().push(sum);
                    }
                }
            }
        }
        let totals = whole.into_values().map(|parts| (Column::All, parts)).chain(members);
        for (column, parts) in totals.collect::<Vec<_>>() {
            let Some(total) = sums.get(&column).filter(|sum| !sum.at.is_empty()) else { continue };
            for (kind, nested) in self.nested.iter_mut().enumerate() {
                let parts: Vec<usize> = parts.iter().map(|part| part.at[kind]).collect();
                let sum: i64 = parts.iter().map(|part| nested.value(*part)).sum();
                // What lacks a member of a dimension makes the members less than all.
                if sum == nested.value(total.at[kind]) {
                    nested.is_total(total.at[kind], parts);
                }
            }
        }
    }

    /// Tells a total, unless the rest beside the caller's own would be one other's alone.
    fn tell(&mut self, sum: &Sum, is_exact: bool) -> Option<Vec<i64>> {
        let is_alone = sum.has_own && sum.others == 1;
        if sum.at.is_empty() || is_alone { None } else { self.counts(&sum.at, is_exact) }
    }

    fn note(&mut self, place: Id, column: Column, mut counts: Vec<i64>) {
        counts.iter_mut().for_each(|count| *count *= self.unit);
        self.told.0.insert((place, column, self.start), counts);
    }

    fn counts(&mut self, at: &[usize], is_exact: bool) -> Option<Vec<i64>> {
        let told: Vec<Option<i64>> =
            self.nested.iter_mut().zip(at).take(2).map(|(nested, at)| nested.tell(*at, is_exact)).collect();
        let told = told.into_iter().collect::<Option<Vec<i64>>>()?;
        let ([above, below], [_, _, left]) = (told.as_slice(), at) else { return Some(told) };
        let is_exact = is_exact
            && [above, below]
                .into_iter()
                .zip(&self.nested)
                .zip(at)
                .all(|((told, nested), at)| *told == nested.value(*at));
        let slack = if is_exact { 0 } else { 4 * self.one };
        let nested = &mut self.nested[2];
        rounded(nested.value(*left), self.one)?;
        nested.narrows(*left, (below - above - slack, below - above + slack)).then_some(told)
    }

    /// Of a place that lies across others only what one series has is told, which is told by itself.
    fn across(&mut self) {
        let mut columns: BTreeMap<Column, Vec<&Cell<'_>>> = BTreeMap::new();
        let cells = std::mem::take(&mut self.cells);
        for cell in cells.values().flatten() {
            let own = Column::of(Some(cell.breakdown).filter(|breakdown| !breakdown.is_empty()));
            let wider =
                own.members().into_iter().chain([Column::All]).filter(|column| *column != own).collect::<Vec<_>>();
            for column in wider.into_iter().chain([own]) {
                columns.entry(column).or_default().push(cell);
            }
        }
        for (column, cells) in columns {
            let others: Vec<&&Cell<'_>> =
                cells.iter().filter(|cell| !cell.is_own && cell.counts.iter().any(|count| *count != 0)).collect();
            let kinds = self.nested.len().min(2);
            let counts = match others.as_slice() {
                [] => Some(vec![0; kinds]),
                [only] if cells.iter().all(|cell| !cell.is_own) => {
                    let all: Option<Vec<i64>> = only.counts.iter().map(|count| rounded(*count, self.one)).collect();
                    all.map(|counts| counts.into_iter().take(kinds).collect())
                }
                _ => None,
            };
            if let Some(counts) = counts {
                self.note(self.tree.root, column, counts);
            }
        }
    }
}
