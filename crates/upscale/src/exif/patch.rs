//! Corrections of an EXIF block in place: orientation, pixel dimensions, thumbnail.

use super::{
    EXIF_POINTER, IMAGE_HEIGHT, IMAGE_WIDTH, LONG, ORIENTATION, Order, PIXEL_HEIGHT, PIXEL_WIDTH,
    SHORT,
};

/// Where a directory's entry stands: its tag and the offset of its 12 bytes (tag, type, count, value).
struct Place {
    tag: u16,
    at: usize,
}

fn bytes<const N: usize>(block: &[u8], at: usize) -> Option<[u8; N]> {
    block.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// The entries of the directory at `at` and the place of the offset that follows them.
fn directory(block: &[u8], order: Order, at: usize) -> Option<(Vec<Place>, usize)> {
    let count = usize::from(order.u16(bytes(block, at)?));
    let mut places = Vec::new();
    for index in 0..count {
        let at = at + 2 + 12 * index;
        let tag = order.u16(bytes(block, at)?);
        block.get(at..at + 12)?;
        places.push(Place { tag, at });
    }
    Some((places, at + 2 + 12 * count))
}

/// The one number of an entry of type SHORT or LONG.
fn number(block: &[u8], order: Order, at: usize) -> Option<u32> {
    let kind = order.u16(bytes(block, at + 2)?);
    match (kind, order.u32(bytes(block, at + 4)?)) {
        (SHORT, 1) => Some(u32::from(order.u16(bytes(block, at + 8)?))),
        (LONG, 1) => Some(order.u32(bytes(block, at + 8)?)),
        _ => None,
    }
}

/// Overwrites an entry by one number, as SHORT where it is one and the number fits.
fn put_number(block: &mut [u8], order: Order, at: usize, value: u32) {
    let short = bytes(block, at + 2).map(|b| order.u16(b)) == Some(SHORT);
    let mut entry = [0; 10];
    entry[2..6].copy_from_slice(&order.put_u32(1));
    match u16::try_from(value) {
        Ok(small) if short => {
            entry[..2].copy_from_slice(&order.put_u16(SHORT));
            entry[6..8].copy_from_slice(&order.put_u16(small));
        }
        _ => {
            entry[..2].copy_from_slice(&order.put_u16(LONG));
            entry[6..].copy_from_slice(&order.put_u32(value));
        }
    }
    if let Some(place) = block.get_mut(at + 2..at + 12) {
        place.copy_from_slice(&entry);
    }
}

fn root(block: &[u8]) -> Option<(Order, usize)> {
    let order = Order::of_mark(block)?;
    let at = order.u32(bytes(block, 4)?);
    Some((order, usize::try_from(at).ok()?))
}

/// The orientation tag's value; nothing when the block has none or cannot be read.
pub(crate) fn block_orientation(block: &[u8]) -> Option<u64> {
    let (order, at) = root(block)?;
    let (places, _) = directory(block, order, at)?;
    let place = places.iter().find(|place| place.tag == ORIENTATION)?;
    number(block, order, place.at).map(u64::from)
}

/// Sets the orientation to `orientation` and the pixel dimensions to the picture's, where the block has these tags,
/// and unhooks the thumbnail, which shows the picture as it was. False when the block cannot be read.
pub(crate) fn patch(block: &mut [u8], width: u32, height: u32, orientation: u32) -> bool {
    try_patch(block, width, height, orientation).is_some()
}

fn try_patch(block: &mut [u8], width: u32, height: u32, orientation: u32) -> Option<()> {
    let (order, at) = root(block)?;
    let (places, next) = directory(block, order, at)?;
    let mut photo = None;
    for place in &places {
        match place.tag {
            ORIENTATION => put_number(block, order, place.at, orientation),
            IMAGE_WIDTH => put_number(block, order, place.at, width),
            IMAGE_HEIGHT => put_number(block, order, place.at, height),
            EXIF_POINTER => photo = number(block, order, place.at),
            _ => {}
        }
    }
    if let Some(offset) = block.get_mut(next..next + 4) {
        offset.fill(0);
    }
    let photo = photo.and_then(|at| directory(block, order, usize::try_from(at).ok()?));
    for place in photo.map(|(places, _)| places).unwrap_or_default() {
        match place.tag {
            PIXEL_WIDTH => put_number(block, order, place.at, width),
            PIXEL_HEIGHT => put_number(block, order, place.at, height),
            _ => {}
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A big-endian block: orientation 6, an EXIF directory with both pixel dimensions as SHORT, and a thumbnail's
    /// directory that follows.
    fn block() -> Vec<u8> {
        let mut b = b"MM\0\x2a\0\0\0\x08".to_vec();
        b.extend([0, 2]);
        b.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]);
        b.extend([0x87, 0x69, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38]);
        b.extend([0, 0, 0, 99]);
        assert_eq!(b.len(), 38);
        b.extend([0, 2]);
        b.extend([0xa0, 0x02, 0, 3, 0, 0, 0, 1, 0, 40, 0, 0]);
        b.extend([0xa0, 0x03, 0, 3, 0, 0, 0, 1, 0, 30, 0, 0]);
        b.extend([0, 0, 0, 0]);
        b
    }

    #[test]
    fn orientation_and_dimensions_are_corrected_and_the_thumbnail_unhooked() {
        let mut b = block();
        assert_eq!(block_orientation(&b), Some(6));
        assert!(patch(&mut b, 60, 80_000, 1));
        assert_eq!(block_orientation(&b), Some(1));
        assert_eq!(b[34..38], [0; 4]);
        assert_eq!(b[40..52], [0xa0, 0x02, 0, 3, 0, 0, 0, 1, 0, 60, 0, 0]);
        assert_eq!(b[52..64], [0xa0, 0x03, 0, 4, 0, 0, 0, 1, 0, 1, 0x38, 0x80]);
        assert_eq!(b.len(), block().len());
    }

    #[test]
    fn any_cut_or_changed_block_is_refused_or_corrected_but_never_a_panic() {
        let whole = block();
        for length in 0..whole.len() {
            let mut cut = whole[..length].to_vec();
            block_orientation(&cut);
            patch(&mut cut, 1, 1, 1);
        }
        for at in 0..whole.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut changed = whole.clone();
                changed[at] = value;
                block_orientation(&changed);
                patch(&mut changed, 1, 1, 1);
            }
        }
        assert!(!patch(&mut [0; 40], 1, 1, 1));
    }
}
