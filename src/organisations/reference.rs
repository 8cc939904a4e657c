//! Reference organisations: England, its regions, integrated care boards and health innovation
//! networks, and a handful of trusts for demonstrations.
//!
//! Codes and names are facts of the Organisation Data Service, the Office for National Statistics
//! and NHS England, published under the Open Government Licence v3.0. They are the set of April
//! 2023; footprints of boards changed on 1 April 2026. No source maps networks to boards: [`ILLUSTRATIVE_FOOTPRINTS`]
//! is our own reading of the map and must be shown as such.

/// An organisation every register starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferenceOrganisation {
    /// The register's key, upper case: the ODS code where there is one.
    pub code: &'static str,
    /// The code of the Organisation Data Service.
    pub ods_code: Option<&'static str>,
    /// The nine-character code of the Office for National Statistics.
    pub ons_code: Option<&'static str>,
    pub name: &'static str,
    /// The name a network bore before 2023; some kept theirs.
    pub former_name: Option<&'static str>,
    /// The organisation type, as the API writes it.
    pub kind: &'static str,
    /// The organisation above in the geographic hierarchy. Networks have none: their footprint
    /// need not follow the tree.
    pub parent: Option<&'static str>,
}

/// A real trust, for demonstrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemonstrationTrust {
    pub code: &'static str,
    pub name: &'static str,
    /// The board whose area the trust lies in.
    pub icb: &'static str,
    pub postcode: &'static str,
}

/// One organisation that takes the place of another entirely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemonstrationSuccession {
    pub from: &'static str,
    pub to: &'static str,
    /// The first day of the new arrangement.
    pub effective_on: &'static str,
    pub kind: &'static str,
}

/// England, the root of the geographic hierarchy.
pub const ENGLAND: ReferenceOrganisation = ReferenceOrganisation {
    code: "E92000001",
    ods_code: None,
    ons_code: Some("E92000001"),
    name: "England",
    former_name: None,
    kind: "england",
    parent: None,
};

/// The seven regions of NHS England: ODS code, ONS code, name.
pub const REGIONS: [ReferenceOrganisation; 7] = [
    region("Y56", "E40000003", "London"),
    region("Y58", "E40000006", "South West"),
    region("Y59", "E40000005", "South East"),
    region("Y60", "E40000011", "Midlands"),
    region("Y61", "E40000007", "East of England"),
    region("Y62", "E40000010", "North West"),
    region("Y63", "E40000012", "North East and Yorkshire"),
];

/// The 42 integrated care boards: ODS code, ONS code, name, region.
#[rustfmt::skip] // one board a line, to be read as a table
pub const INTEGRATED_CARE_BOARDS: [ReferenceOrganisation; 42] = [
    icb("QE1", "E54000048", "NHS Lancashire and South Cumbria Integrated Care Board", "Y62"),
    icb("QF7", "E54000061", "NHS South Yorkshire Integrated Care Board", "Y63"),
    icb("QGH", "E54000019", "NHS Herefordshire and Worcestershire Integrated Care Board", "Y60"),
    icb("QH8", "E54000026", "NHS Mid and South Essex Integrated Care Board", "Y61"),
    icb("QHG", "E54000024", "NHS Bedfordshire, Luton and Milton Keynes Integrated Care Board", "Y61"),
    icb("QHL", "E54000055", "NHS Birmingham and Solihull Integrated Care Board", "Y60"),
    icb("QHM", "E54000050", "NHS North East and North Cumbria Integrated Care Board", "Y63"),
    icb("QJ2", "E54000058", "NHS Derby and Derbyshire Integrated Care Board", "Y60"),
    icb("QJG", "E54000023", "NHS Suffolk and North East Essex Integrated Care Board", "Y61"),
    icb("QJK", "E54000037", "NHS Devon Integrated Care Board", "Y58"),
    icb("QJM", "E54000013", "NHS Lincolnshire Integrated Care Board", "Y60"),
    icb("QK1", "E54000015", "NHS Leicester, Leicestershire and Rutland Integrated Care Board", "Y60"),
    icb("QKK", "E54000030", "NHS South East London Integrated Care Board", "Y56"),
    icb("QKS", "E54000032", "NHS Kent and Medway Integrated Care Board", "Y59"),
    icb("QM7", "E54000025", "NHS Hertfordshire and West Essex Integrated Care Board", "Y61"),
    icb("QMF", "E54000029", "NHS North East London Integrated Care Board", "Y56"),
    icb("QMJ", "E54000028", "NHS North Central London Integrated Care Board", "Y56"),
    icb("QMM", "E54000022", "NHS Norfolk and Waveney Integrated Care Board", "Y61"),
    icb("QNC", "E54000010", "NHS Staffordshire and Stoke-On-Trent Integrated Care Board", "Y60"),
    icb("QNQ", "E54000034", "NHS Frimley Integrated Care Board", "Y59"),
    icb("QNX", "E54000064", "NHS Sussex Integrated Care Board", "Y59"),
    icb("QOC", "E54000011", "NHS Shropshire, Telford and Wrekin Integrated Care Board", "Y60"),
    icb("QOP", "E54000057", "NHS Greater Manchester Integrated Care Board", "Y62"),
    icb("QOQ", "E54000051", "NHS Humber and North Yorkshire Integrated Care Board", "Y63"),
    icb("QOX", "E54000040", "NHS Bath and North East Somerset, Swindon and Wiltshire Integrated Care Board", "Y58"),
    icb("QPM", "E54000059", "NHS Northamptonshire Integrated Care Board", "Y60"),
    icb("QR1", "E54000043", "NHS Gloucestershire Integrated Care Board", "Y58"),
    icb("QRL", "E54000042", "NHS Hampshire and Isle of Wight Integrated Care Board", "Y59"),
    icb("QRV", "E54000027", "NHS North West London Integrated Care Board", "Y56"),
    icb("QSL", "E54000038", "NHS Somerset Integrated Care Board", "Y58"),
    icb("QT1", "E54000060", "NHS Nottingham and Nottinghamshire Integrated Care Board", "Y60"),
    icb("QT6", "E54000036", "NHS Cornwall and the Isles of Scilly Integrated Care Board", "Y58"),
    icb("QU9", "E54000044", "NHS Buckinghamshire, Oxfordshire and Berkshire West Integrated Care Board", "Y59"),
    icb("QUA", "E54000062", "NHS Black Country Integrated Care Board", "Y60"),
    icb("QUE", "E54000056", "NHS Cambridgeshire and Peterborough Integrated Care Board", "Y61"),
    icb("QUY", "E54000039", "NHS Bristol, North Somerset and South Gloucestershire Integrated Care Board", "Y58"),
    icb("QVV", "E54000041", "NHS Dorset Integrated Care Board", "Y58"),
    icb("QWE", "E54000031", "NHS South West London Integrated Care Board", "Y56"),
    icb("QWO", "E54000054", "NHS West Yorkshire Integrated Care Board", "Y63"),
    icb("QWU", "E54000018", "NHS Coventry and Warwickshire Integrated Care Board", "Y60"),
    icb("QXU", "E54000063", "NHS Surrey Heartlands Integrated Care Board", "Y59"),
    icb("QYG", "E54000008", "NHS Cheshire and Merseyside Integrated Care Board", "Y62"),
];

/// The 15 health innovation networks: code, name, and name as an academic health science network.
#[rustfmt::skip]
pub const HEALTH_INNOVATION_NETWORKS: [ReferenceOrganisation; 15] = [
    hin("HI-EM", "Health Innovation East Midlands", "East Midlands AHSN"),
    hin("HI-EAST", "Health Innovation East", "Eastern AHSN"),
    hin("HI-KSS", "Health Innovation Kent, Surrey and Sussex", "Kent Surrey Sussex AHSN"),
    hin("HI-MAN", "Health Innovation Manchester", "Health Innovation Manchester"),
    hin("HI-NENC", "Health Innovation North East and North Cumbria", "North East and North Cumbria AHSN"),
    hin("HI-NWC", "Health Innovation North West Coast", "Innovation Agency (North West Coast AHSN)"),
    hin("HI-OTV", "Health Innovation Oxford and Thames Valley", "Oxford AHSN"),
    hin("HI-SW", "Health Innovation South West", "South West AHSN"),
    hin("HI-WM", "Health Innovation West Midlands", "West Midlands AHSN"),
    hin("HI-WESSEX", "Health Innovation Wessex", "Wessex AHSN"),
    hin("HI-WEST", "Health Innovation West of England", "West of England AHSN"),
    hin("HI-YH", "Health Innovation Yorkshire and Humber", "Yorkshire and Humber AHSN"),
    hin("HIN-SL", "Health Innovation Network South London", "Health Innovation Network South London"),
    hin("ICHP", "Imperial College Health Partners", "Imperial College Health Partners"),
    hin("UCLP", "UCLPartners", "UCLPartners"),
];

/// ILLUSTRATIVE: the boards each health innovation network serves. Networks publish maps, not
/// codes, and some boards lie in two of them; here each board is in exactly one.
#[rustfmt::skip]
pub const ILLUSTRATIVE_FOOTPRINTS: [(&str, &[&str]); 15] = [
    ("HI-EM", &["QJ2", "QJM", "QK1", "QPM", "QT1"]),
    ("HI-EAST", &["QHG", "QJG", "QM7", "QMM", "QUE"]),
    ("HI-KSS", &["QKS", "QNX", "QXU"]),
    ("HI-MAN", &["QOP"]),
    ("HI-NENC", &["QHM"]),
    ("HI-NWC", &["QE1", "QYG"]),
    ("HI-OTV", &["QNQ", "QU9"]),
    ("HI-SW", &["QJK", "QSL", "QT6"]),
    ("HI-WM", &["QGH", "QHL", "QNC", "QOC", "QUA", "QWU"]),
    ("HI-WESSEX", &["QRL", "QVV"]),
    ("HI-WEST", &["QOX", "QR1", "QUY"]),
    ("HI-YH", &["QF7", "QOQ", "QWO"]),
    ("HIN-SL", &["QKK", "QWE"]),
    ("ICHP", &["QRV"]),
    ("UCLP", &["QH8", "QMF", "QMJ"]),
];

/// Real trusts in all seven regions: ODS code, name, board, postcode. RR1 closed before boards
/// existed and stands under the board of its successor.
#[rustfmt::skip]
pub const DEMONSTRATION_TRUSTS: [DemonstrationTrust; 24] = [
    trust("RJZ", "King's College Hospital NHS Foundation Trust", "QKK", "SE5 9RS"),
    trust("RJ1", "Guy's and St Thomas' NHS Foundation Trust", "QKK", "SE1 7EH"),
    trust("RF4", "Barking, Havering and Redbridge University Hospitals NHS Trust", "QMF", "RM7 0AG"),
    trust("R1H", "Barts Health NHS Trust", "QMF", "E1 2ES"),
    trust("RYJ", "Imperial College Healthcare NHS Trust", "QRV", "W2 1BL"),
    trust("RRV", "University College London Hospitals NHS Foundation Trust", "QMJ", "NW1 2PG"),
    trust("RJ7", "St George's University Hospitals NHS Foundation Trust", "QWE", "SW17 0QT"),
    trust("RA7", "University Hospitals Bristol and Weston NHS Foundation Trust", "QUY", "BS1 3NU"),
    trust("RH8", "Royal Devon University Healthcare NHS Foundation Trust", "QJK", "EX2 5DW"),
    trust("RHM", "University Hospital Southampton NHS Foundation Trust", "QRL", "SO16 6YD"),
    trust("RTH", "Oxford University Hospitals NHS Foundation Trust", "QU9", "OX3 9DU"),
    trust("RYR", "University Hospitals Sussex NHS Foundation Trust", "QNX", "BN11 2DH"),
    trust("RJC", "South Warwickshire University NHS Foundation Trust", "QWU", "CV34 5BW"),
    trust("RR1", "Heart of England NHS Foundation Trust", "QHL", "B9 5ST"),
    trust("RRK", "University Hospitals Birmingham NHS Foundation Trust", "QHL", "B15 2GW"),
    trust("RX1", "Nottingham University Hospitals NHS Trust", "QT1", "NG7 2UH"),
    trust("RWE", "University Hospitals of Leicester NHS Trust", "QK1", "LE1 5WW"),
    trust("RGT", "Cambridge University Hospitals NHS Foundation Trust", "QUE", "CB2 0QQ"),
    trust("RM1", "Norfolk and Norwich University Hospitals NHS Foundation Trust", "QMM", "NR4 7UY"),
    trust("R0A", "Manchester University NHS Foundation Trust", "QOP", "M13 9WL"),
    trust("REM", "Liverpool University Hospitals NHS Foundation Trust", "QYG", "L7 8XP"),
    trust("RXN", "Lancashire Teaching Hospitals NHS Foundation Trust", "QE1", "PR2 9HT"),
    trust("RTD", "The Newcastle Upon Tyne Hospitals NHS Foundation Trust", "QHM", "NE7 7DN"),
    trust("RR8", "Leeds Teaching Hospitals NHS Trust", "QWO", "LS9 7TF"),
];

/// Heart of England became part of University Hospitals Birmingham; its figures end there.
pub const DEMONSTRATION_SUCCESSIONS: [DemonstrationSuccession; 1] =
    [DemonstrationSuccession { from: "RR1", to: "RRK", effective_on: "2018-04-01", kind: "merge" }];

/// Every reference organisation, each after its parent, in the order they can be written.
pub fn reference_organisations() -> impl Iterator<Item = &'static ReferenceOrganisation> {
    std::iter::once(&ENGLAND).chain(&REGIONS).chain(&INTEGRATED_CARE_BOARDS).chain(&HEALTH_INNOVATION_NETWORKS)
}

const fn region(code: &'static str, ons_code: &'static str, name: &'static str) -> ReferenceOrganisation {
    ReferenceOrganisation {
        code,
        ods_code: Some(code),
        ons_code: Some(ons_code),
        name,
        former_name: None,
        kind: "region",
        parent: Some(ENGLAND.code),
    }
}

const fn icb(
    code: &'static str,
    ons_code: &'static str,
    name: &'static str,
    region: &'static str,
) -> ReferenceOrganisation {
    ReferenceOrganisation {
        code,
        ods_code: Some(code),
        ons_code: Some(ons_code),
        name,
        former_name: None,
        kind: "icb",
        parent: Some(region),
    }
}

const fn hin(code: &'static str, name: &'static str, former_name: &'static str) -> ReferenceOrganisation {
    ReferenceOrganisation {
        code,
        ods_code: None,
        ons_code: None,
        name,
        former_name: Some(former_name),
        kind: "hin",
        parent: None,
    }
}

const fn trust(
    code: &'static str,
    name: &'static str,
    icb: &'static str,
    postcode: &'static str,
) -> DemonstrationTrust {
    DemonstrationTrust { code, name, icb, postcode }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn codes(organisations: &[ReferenceOrganisation]) -> BTreeSet<&'static str> {
        organisations.iter().map(|organisation| organisation.code).collect()
    }

    #[test]
    fn there_are_7_regions_42_boards_and_15_networks_each_with_its_own_code() {
        let all: Vec<_> = reference_organisations().collect();
        assert_eq!(all.len(), 1 + 7 + 42 + 15);
        let trusts = DEMONSTRATION_TRUSTS.iter().map(|trust| trust.code);
        let unique: BTreeSet<_> = all.iter().map(|organisation| organisation.code).chain(trusts).collect();
        assert_eq!(unique.len(), all.len() + DEMONSTRATION_TRUSTS.len());
        let ons_codes: BTreeSet<_> = all.iter().filter_map(|organisation| organisation.ons_code).collect();
        assert_eq!(ons_codes.len(), 1 + 7 + 42);
    }

    #[test]
    fn codes_are_stored_in_upper_case_and_ods_codes_are_alphanumeric() {
        for organisation in reference_organisations() {
            assert_eq!(organisation.code, organisation.code.to_ascii_uppercase());
            let ods_code = organisation.ods_code.unwrap_or("");
            assert!(ods_code.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
    }

    #[test]
    fn every_board_lies_in_a_region_and_no_region_is_empty() {
        let parents: BTreeSet<_> = INTEGRATED_CARE_BOARDS.iter().filter_map(|board| board.parent).collect();
        assert_eq!(parents, codes(&REGIONS));
    }

    #[test]
    fn every_parent_is_written_before_its_children() {
        let mut written = BTreeSet::new();
        for organisation in reference_organisations() {
            assert!(organisation.parent.is_none_or(|parent| written.contains(parent)));
            written.insert(organisation.code);
        }
    }

    #[test]
    fn every_board_is_in_the_footprint_of_exactly_one_network() {
        let networks: BTreeSet<_> = ILLUSTRATIVE_FOOTPRINTS.iter().map(|(network, _)| *network).collect();
        assert_eq!(networks, codes(&HEALTH_INNOVATION_NETWORKS));
        let boards: Vec<_> = ILLUSTRATIVE_FOOTPRINTS.iter().flat_map(|(_, boards)| *boards).copied().collect();
        assert_eq!(boards.len(), INTEGRATED_CARE_BOARDS.len());
        assert_eq!(boards.into_iter().collect::<BTreeSet<_>>(), codes(&INTEGRATED_CARE_BOARDS));
    }

    #[test]
    fn the_demonstration_trusts_are_spread_over_all_regions() {
        let boards: BTreeSet<_> = DEMONSTRATION_TRUSTS.iter().map(|trust| trust.icb).collect();
        assert!(boards.len() >= 10 && boards.is_subset(&codes(&INTEGRATED_CARE_BOARDS)));
        let regions: BTreeSet<_> = INTEGRATED_CARE_BOARDS
            .iter()
            .filter(|board| boards.contains(board.code))
            .filter_map(|board| board.parent)
            .collect();
        assert_eq!(regions, codes(&REGIONS));
    }

    #[test]
    fn a_succession_joins_two_demonstration_trusts() {
        let trusts: BTreeSet<_> = DEMONSTRATION_TRUSTS.iter().map(|trust| trust.code).collect();
        for succession in DEMONSTRATION_SUCCESSIONS {
            assert!(trusts.contains(succession.from) && trusts.contains(succession.to));
        }
    }
}
