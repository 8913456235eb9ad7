//! EXIF directories taken out of a TIFF stream and put into one.

use std::io::{self, Read, Seek, SeekFrom};

use super::{
    EXIF_POINTER, GPS_POINTER, INTEROP_POINTER, LONG, MAKER_NOTE, ORIENTATION, Order, SHORT,
    element_bytes, unit_bytes,
};

/// Most entries of a directory and most bytes of all values that are read: cameras stay far below.
const MOST_ENTRIES: u16 = 1000;
const MOST_BYTES: u64 = 8 << 20;

/// The tags of a picture's own directory that describe the picture and not its storage: description, maker, model,
/// resolution (three), software, date, artist, copyright.
const DESCRIPTIVE: [u16; 10] = [
    0x010E, 0x010F, 0x0110, 0x011A, 0x011B, 0x0128, 0x0131, 0x0132, 0x013B, 0x8298,
];

/// One tagged value, its bytes in little-endian order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) tag: u16,
    pub(crate) kind: u16,
    pub(crate) count: u32,
    pub(crate) data: Vec<u8>,
}

impl Entry {
    pub(crate) fn short(tag: u16, values: &[u16]) -> Self {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Self {
            tag,
            kind: SHORT,
            count: values.len() as u32,
            data,
        }
    }

    pub(crate) fn long(tag: u16, values: &[u32]) -> Self {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Self {
            tag,
            kind: LONG,
            count: values.len() as u32,
            data,
        }
    }
}

/// The directories that travel between formats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tags {
    /// Descriptive tags of the picture's own directory.
    pub(crate) main: Vec<Entry>,
    /// How it was taken.
    pub(crate) photo: Vec<Entry>,
    /// Where it was taken.
    pub(crate) gps: Vec<Entry>,
    /// Rules of interoperability.
    pub(crate) interop: Vec<Entry>,
}

struct Stream<'a, R> {
    reader: &'a mut R,
    order: Order,
    left: u64,
}

impl<R: Read + Seek> Stream<'_, R> {
    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// The entries at `at`. An entry of unknown type or whose value lies outside the stream is passed over.
    fn directory(&mut self, at: u32) -> io::Result<Vec<Entry>> {
        self.reader.seek(SeekFrom::Start(at.into()))?;
        let count = self.order.u16(self.take()?).min(MOST_ENTRIES);
        let mut raw = vec![0; usize::from(count) * 12];
        self.reader.read_exact(&mut raw)?;
        Ok(raw
            .chunks_exact(12)
            .filter_map(|entry| self.entry(entry))
            .collect())
    }

    fn entry(&mut self, raw: &[u8]) -> Option<Entry> {
        let word = |at: usize| raw.get(at..at + 4)?.try_into().ok();
        let tag = self.order.u16([raw[0], raw[1]]);
        let kind = self.order.u16([raw[2], raw[3]]);
        let count = self.order.u32(word(4)?);
        let size = element_bytes(kind)? as u64 * u64::from(count);
        self.left = self.left.checked_sub(size)?;
        let mut data = Vec::new();
        if size <= 4 {
            data.extend_from_slice(&raw[8..8 + size as usize]);
        } else {
            let at = self.order.u32(word(8)?);
            self.reader.seek(SeekFrom::Start(at.into())).ok()?;
            self.reader
                .by_ref()
                .take(size)
                .read_to_end(&mut data)
                .ok()?;
            if data.len() as u64 != size {
                return None;
            }
        }
        if self.order == Order::Big {
            data.chunks_exact_mut(unit_bytes(kind))
                .for_each(<[u8]>::reverse);
        }
        Some(Entry {
            tag,
            kind,
            count,
            data,
        })
    }
}

fn pointer(entries: &[Entry], tag: u16) -> Option<u32> {
    let entry = entries.iter().find(|entry| entry.tag == tag)?;
    Some(u32::from_le_bytes(entry.data.get(..4)?.try_into().ok()?))
}

impl Tags {
    /// Takes the directories out of a classic TIFF stream that begins at the reader's start. Nothing when it is none
    /// (a BigTIFF, for example) or cannot be read.
    pub(crate) fn read<R: Read + Seek>(reader: &mut R) -> Option<Self> {
        reader.seek(SeekFrom::Start(0)).ok()?;
        let mut mark = [0; 8];
        reader.read_exact(&mut mark).ok()?;
        let order = Order::of_mark(&mark)?;
        let at = order.u32([mark[4], mark[5], mark[6], mark[7]]);
        let mut stream = Stream {
            reader,
            order,
            left: MOST_BYTES,
        };
        let all = stream.directory(at).ok()?;
        let mut below = |entries: &[Entry], tag: u16| {
            let at = pointer(entries, tag)?;
            stream.directory(at).ok()
        };
        let photo = below(&all, EXIF_POINTER).unwrap_or_default();
        let gps = below(&all, GPS_POINTER).unwrap_or_default();
        let interop = below(&photo, INTEROP_POINTER).unwrap_or_default();
        let unlinked = |entries: Vec<Entry>| {
            let inner = [MAKER_NOTE, INTEROP_POINTER, EXIF_POINTER, GPS_POINTER];
            entries
                .into_iter()
                .filter(|e| !inner.contains(&e.tag))
                .collect()
        };
        let main = all
            .into_iter()
            .filter(|e| DESCRIPTIVE.contains(&e.tag))
            .collect();
        Some(Self {
            main,
            photo: unlinked(photo),
            gps: unlinked(gps),
            interop: unlinked(interop),
        })
    }

    fn is_empty(&self) -> bool {
        self.main.is_empty() && self.photo.is_empty() && self.gps.is_empty()
    }

    /// The pointers for a directory that will hold `main`, after the directories below it have been put into `out`.
    pub(crate) fn put_below(&self, out: &mut Vec<u8>, base: u32) -> Vec<Entry> {
        let mut pointers = Vec::new();
        let mut photo = self.photo.clone();
        if !self.interop.is_empty() {
            let at = put_directory(out, base, self.interop.clone());
            photo.push(Entry::long(INTEROP_POINTER, &[at]));
        }
        if !photo.is_empty() {
            let at = put_directory(out, base, photo);
            pointers.push(Entry::long(EXIF_POINTER, &[at]));
        }
        if !self.gps.is_empty() {
            let at = put_directory(out, base, self.gps.clone());
            pointers.push(Entry::long(GPS_POINTER, &[at]));
        }
        pointers
    }

    /// The tags as a block with the given orientation; nothing when there are none.
    pub(crate) fn block(&self, orientation: u16) -> Option<Vec<u8>> {
        if self.is_empty() {
            return None;
        }
        let mut out = b"II\x2a\0\0\0\0\0".to_vec();
        let mut main = self.main.clone();
        main.push(Entry::short(ORIENTATION, &[orientation]));
        main.extend(self.put_below(&mut out, 0));
        let root = put_directory(&mut out, 0, main);
        out[4..8].copy_from_slice(&root.to_le_bytes());
        Some(out)
    }
}

/// Appends a directory, its values first, to `out`, whose first byte stands at `base` of the stream. Returns the place
/// of the directory. A tag given twice is written once, as given first.
pub(crate) fn put_directory(out: &mut Vec<u8>, base: u32, mut entries: Vec<Entry>) -> u32 {
    entries.sort_by_key(|entry| entry.tag);
    entries.dedup_by_key(|entry| entry.tag);
    let mut table = (entries.len() as u16).to_le_bytes().to_vec();
    for entry in &entries {
        table.extend(entry.tag.to_le_bytes());
        table.extend(entry.kind.to_le_bytes());
        table.extend(entry.count.to_le_bytes());
        if entry.data.len() <= 4 {
            let mut inline = [0; 4];
            inline[..entry.data.len()].copy_from_slice(&entry.data);
            table.extend(inline);
        } else {
            table.extend((base + out.len() as u32).to_le_bytes());
            out.extend(&entry.data);
            out.resize(out.len().next_multiple_of(2), 0);
        }
    }
    table.extend([0; 4]);
    let at = base + out.len() as u32;
    out.extend(table);
    at
}

#[cfg(test)]
mod tests {
    use super::super::block_orientation;
    use super::*;
    use std::io::Cursor;

    fn tags() -> Tags {
        let text = |tag, text: &str| Entry {
            tag,
            kind: 2,
            count: text.len() as u32,
            data: text.as_bytes().to_vec(),
        };
        Tags {
            main: vec![
                text(0x010F, "maker of cameras\0"),
                text(0x0132, "2024:01:02 03:04:05\0"),
            ],
            photo: vec![
                Entry {
                    tag: 0x829A,
                    kind: 5,
                    count: 1,
                    data: [1_u32, 250].iter().flat_map(|v| v.to_le_bytes()).collect(),
                },
                Entry::short(0xA002, &[4]),
            ],
            gps: vec![Entry {
                tag: 0,
                kind: 1,
                count: 4,
                data: vec![2, 3, 0, 0],
            }],
            interop: vec![text(1, "R98\0")],
        }
    }

    #[test]
    fn tags_survive_being_written_and_read() {
        let block = tags().block(1).unwrap();
        assert_eq!(block_orientation(&block), Some(1));
        assert_eq!(Tags::read(&mut Cursor::new(&block)).unwrap(), tags());
        assert_eq!(Tags::default().block(1), None);
    }

    #[test]
    fn big_endian_values_are_turned() {
        let mut big = b"MM\0\x2a\0\0\0\x08\0\x01".to_vec();
        big.extend([0x01, 0x1A, 0, 5, 0, 0, 0, 1, 0, 0, 0, 26]);
        big.extend([0, 0, 0, 0, 0, 0, 0, 72, 0, 0, 0, 1]);
        let read = Tags::read(&mut Cursor::new(&big)).unwrap();
        assert_eq!(read.main[0].data, [72, 0, 0, 0, 1, 0, 0, 0]);
    }

    #[test]
    fn cut_and_changed_streams_never_panic() {
        let whole = tags().block(1).unwrap();
        for length in 0..whole.len() {
            let _ = Tags::read(&mut Cursor::new(&whole[..length]));
        }
        for at in 0..whole.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut changed = whole.clone();
                changed[at] = value;
                let _ = Tags::read(&mut Cursor::new(&changed));
            }
        }
    }
}
