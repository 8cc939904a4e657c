//! The bytes of a file on their way to the parser, watched for what the parser would let pass: a quotation that does not
//! close swallows the rest of the file, and lines are not counted as an editor counts them.

use super::cells::refusal;
use crate::error::{Code, Error};
use std::collections::VecDeque;
use std::io::{self, Read};

/// The longest row, in bytes: far more than any row has, and little enough to hold.
const LONGEST_ROW: usize = 1 << 20;

/// Where in a row the next byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    BetweenRows,
    StartOfCell,
    /// Behind spaces with which a cell began.
    Indented,
    Plain,
    Quoted,
    /// Behind the quotation mark that closed a cell, or that is the first of two which stand for one.
    Closed,
    /// Behind spaces after that.
    Padded,
}

pub struct Watch<R> {
    bytes: R,
    delimiter: u8,
    place: Place,
    line: u32,
    /// Whether the byte before was a carriage return: a line feed after it ends the same line.
    returned: bool,
    /// The line on which the last quotation began.
    quoted_on: u32,
    /// Bytes of this row.
    length: usize,
    /// Lines on which the rows began that were not taken yet.
    starts: VecDeque<u32>,
    refused: Option<Error>,
    ended: bool,
}

impl<R> Watch<R> {
    /// Watches what follows the lines before `line`.
    pub fn new(bytes: R, delimiter: u8, line: u32) -> Self {
        Self {
            bytes,
            delimiter,
            place: Place::BetweenRows,
            line,
            returned: false,
            quoted_on: line,
            length: 0,
            starts: VecDeque::new(),
            refused: None,
            ended: false,
        }
    }

    /// The line on which the row began that the parser has just given.
    pub fn next_start(&mut self) -> u32 {
        self.starts.pop_front().unwrap_or(self.line)
    }

    /// Why no more bytes were given.
    pub fn refused(&mut self) -> Option<Error> {
        self.refused.take()
    }

    /// Whether the file ended in the middle of a line.
    pub fn is_cut_off(&self) -> bool {
        self.ended && self.place != Place::BetweenRows
    }

    fn step(&mut self, byte: u8) -> Result<(), Error> {
        let breaks = matches!(byte, b'\r' | b'\n');
        if self.place == Place::BetweenRows && !breaks {
            self.starts.push_back(self.line);
            self.place = Place::StartOfCell;
            self.length = 0;
        }
        self.length += 1;
        let delimits = byte == self.delimiter;
        self.place = match (self.place, byte) {
            (Place::Quoted, b'"') => Place::Closed,
            (Place::Quoted, _) => Place::Quoted,
            (_, _) if breaks => Place::BetweenRows,
            (_, _) if delimits => Place::StartOfCell,
            (Place::StartOfCell, b'"') => {
                self.quoted_on = self.line;
                Place::Quoted
            }
            (Place::Closed, b'"') => Place::Quoted,
            (Place::Indented, b'"') => {
                self.quoted_on = self.line;
                return Err(self.quotation("a space stands before it"));
            }
            (Place::StartOfCell | Place::Indented, b' ') => Place::Indented,
            (Place::Closed | Place::Padded, b' ') => Place::Padded,
            (Place::Closed | Place::Padded, _) => return Err(self.quotation("text follows it in the same cell")),
            _ => Place::Plain,
        };
        if breaks && !(byte == b'\n' && self.returned) {
            self.line += 1;
        }
        self.returned = byte == b'\r';
        if self.length <= LONGEST_ROW {
            Ok(())
        } else if self.place == Place::Quoted {
            Err(self.quotation("it does not close"))
        } else {
            Err(refusal(Code::ValidationFailed, self.line, "row-too-long", "A row is longer than 1,048,576 bytes."))
        }
    }

    fn quotation(&self, why: &str) -> Error {
        let line = self.quoted_on;
        let detail = format!(
            "The quotation that begins on line {line} cannot be read for sure: {why}. A cell in quotation marks begins and ends \
             with one, and has two for each one inside it; a spreadsheet writes them so when it saves as CSV UTF-8."
        );
        refusal(Code::ValidationFailed, line, "quotation", detail)
    }
}

impl<R: Read> Read for Watch<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.bytes.read(buffer)?;
        let mut stepped = buffer.iter().take(length).try_for_each(|byte| self.step(*byte));
        if length == 0 {
            self.ended = true;
            if self.place == Place::Quoted {
                stepped = Err(self.quotation("it does not close"));
            }
        }
        stepped.map(|()| length).map_err(|error| {
            self.refused = Some(error);
            io::Error::other("refused")
        })
    }
}
