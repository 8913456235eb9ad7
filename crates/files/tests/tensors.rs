//! Tensor files: every kind that is read, what is written, and what is refused.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

use convt_files::{
    Elements, Existing, FileError, Location, TensorData, read, read_within, write,
    write_matrix_market,
};
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn at(&self, name: &str) -> Location {
        Location::parse(self.path(name).as_os_str())
    }

    /// Reads `bytes` as a file of that name.
    fn read(&self, name: &str, bytes: &[u8]) -> Result<TensorData, FileError> {
        std::fs::write(self.path(name), bytes).unwrap();
        read(&self.at(name))
    }

    /// The error that reading `bytes` gives.
    fn refusal(&self, name: &str, bytes: &[u8]) -> String {
        let error = self
            .read(name, bytes)
            .expect_err("this must be refused")
            .to_string();
        assert!(error.contains(name), "the file is not named: {error}");
        error
    }
}

fn npy(version: u8, dictionary: &str, data: &[u8]) -> Vec<u8> {
    let text = format!("{dictionary}\n");
    let mut file = b"\x93NUMPY".to_vec();
    file.extend([version, 0]);
    if version == 1 {
        file.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
    } else {
        file.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
    }
    file.extend(text.as_bytes());
    file.extend(data);
    file
}

fn plain(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    npy(
        1,
        &format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"),
        data,
    )
}

fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend(data);
    file
}

fn f32s(values: &[f32]) -> Elements {
    Elements::F32(values.to_vec())
}

fn f64s(values: &[f64]) -> Elements {
    Elements::F64(values.to_vec())
}

#[test]
fn every_npy_type_in_both_byte_orders() {
    let folder = Folder::new();
    let cases: [(&str, &[u8], Elements); 19] = [
        ("|b1", &[0, 1], f32s(&[0.0, 1.0])),
        ("|i1", &[0xff, 2], f32s(&[-1.0, 2.0])),
        ("|u1", &[0xff, 2], f32s(&[255.0, 2.0])),
        ("<i2", &[0xfe, 0xff, 0, 1], f32s(&[-2.0, 256.0])),
        (">i2", &[0xff, 0xfe, 1, 0], f32s(&[-2.0, 256.0])),
        ("<u2", &[0xfe, 0xff, 0, 1], f32s(&[65534.0, 256.0])),
        (">u2", &[0xff, 0xfe, 1, 0], f32s(&[65534.0, 256.0])),
        (
            "<i4",
            &[0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0],
            f64s(&[-1.0, 1.0]),
        ),
        (
            ">i4",
            &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1],
            f64s(&[-1.0, 1.0]),
        ),
        (
            "<u4",
            &[0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0],
            f64s(&[4_294_967_295.0, 1.0]),
        ),
        (
            ">u4",
            &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1],
            f64s(&[4_294_967_295.0, 1.0]),
        ),
        (
            "<i8",
            &[&(-3i64).to_le_bytes()[..], &(1i64 << 53).to_le_bytes()].concat(),
            f64s(&[-3.0, 9_007_199_254_740_992.0]),
        ),
        (
            ">i8",
            &[&(-3i64).to_be_bytes()[..], &7i64.to_be_bytes()].concat(),
            f64s(&[-3.0, 7.0]),
        ),
        (
            "<u8",
            &[&3u64.to_le_bytes()[..], &(1u64 << 63).to_le_bytes()].concat(),
            f64s(&[3.0, 9_223_372_036_854_775_808.0]),
        ),
        ("<f2", &[0x00, 0x3c, 0x00, 0xc1], f32s(&[1.0, -2.5])),
        (">f2", &[0x3c, 0x00, 0xc1, 0x00], f32s(&[1.0, -2.5])),
        (
            "<f4",
            &[&1.5f32.to_le_bytes()[..], &f32::NEG_INFINITY.to_le_bytes()].concat(),
            f32s(&[1.5, f32::NEG_INFINITY]),
        ),
        (
            ">f4",
            &[&1.5f32.to_be_bytes()[..], &1e-40f32.to_be_bytes()].concat(),
            f32s(&[1.5, 1e-40]),
        ),
        (
            ">f8",
            &[&0.1f64.to_be_bytes()[..], &2f64.to_be_bytes()].concat(),
            f64s(&[0.1, 2.0]),
        ),
    ];
    for (descr, data, elements) in cases {
        let found = folder.read("a.npy", &plain(descr, "(2,)", data)).unwrap();
        assert_eq!(
            found,
            TensorData {
                shape: vec![2],
                elements
            },
            "{descr}"
        );
    }
}

#[test]
fn versions_orders_and_odd_shapes() {
    let folder = Folder::new();
    let bytes: Vec<u8> = (1..=6).flat_map(|n| (n as f32).to_le_bytes()).collect();
    for version in 1..=3 {
        let dictionary = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }";
        let found = folder
            .read("a.npy", &npy(version, dictionary, &bytes))
            .unwrap();
        // Stored column by column: 1 2 | 3 4 | 5 6.
        assert_eq!(found.elements, f32s(&[1.0, 3.0, 5.0, 2.0, 4.0, 6.0]));
        assert_eq!(found.shape, [2, 3]);
    }
    let scalar = folder
        .read("a.npy", &plain("<f4", "()", &bytes[..4]))
        .unwrap();
    assert_eq!((scalar.shape.len(), scalar.elements), (0, f32s(&[1.0])));
    let empty = folder
        .read("a.npy", &plain("<f4", "(0, 3, 18446744073709551615)", &[]))
        .unwrap();
    assert!(empty.elements.is_empty());
}

#[test]
fn longer_arrays_than_the_reading_buffer() {
    let folder = Folder::new();
    let values: Vec<f64> = (0..50_000).map(f64::from).collect();
    let big: Vec<u8> = values.iter().flat_map(|v| v.to_be_bytes()).collect();
    let found = folder
        .read("a.npy", &plain(">f8", "(50000,)", &big))
        .unwrap();
    assert_eq!(found.elements, Elements::F64(values.clone()));
    let tensor = TensorData {
        shape: vec![500, 100],
        elements: Elements::F64(values),
    };
    write(&folder.at("b.npy"), &tensor, Existing::Refuse).unwrap();
    assert_eq!(read(&folder.at("b.npy")).unwrap(), tensor);
}

#[test]
fn what_is_written_is_read_back_and_laid_out_as_numpy_does() {
    let folder = Folder::new();
    for elements in [f32s(&[1.0, -0.5, 3.0]), f64s(&[0.1, f64::INFINITY, -3.0])] {
        let tensor = TensorData {
            shape: vec![1, 3],
            elements,
        };
        for name in ["a.npy", "a.safetensors", "b.SAFETENSORS:layer.weight"] {
            write(&folder.at(name), &tensor, Existing::Replace).unwrap();
            assert_eq!(read(&folder.at(name)).unwrap(), tensor, "{name}");
        }
        let bytes = std::fs::read(folder.path("a.npy")).unwrap();
        let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!(start % 64, 0);
        assert_eq!(bytes[start - 1], b'\n');
    }
    let error = read(&folder.at("b.SAFETENSORS:other"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("\"other\"") && error.contains("\"layer.weight\""),
        "{error}"
    );
}

#[test]
fn outputs_are_refused_before_they_do_harm() {
    let folder = Folder::new();
    let tensor = TensorData {
        shape: vec![1],
        elements: f32s(&[1.0]),
    };
    let at = folder.at("a.npy");
    write(&at, &tensor, Existing::Refuse).unwrap();
    let error = write(&at, &tensor, Existing::Refuse).unwrap_err();
    assert!(matches!(error, FileError::Exists { .. }), "{error}");
    write(&at, &tensor, Existing::Replace).unwrap();
    let error = write(&folder.at("a.txt"), &tensor, Existing::Refuse)
        .unwrap_err()
        .to_string();
    assert!(error.contains("a.txt") && error.contains(".npy"), "{error}");
    assert!(!folder.path("a.txt").exists());
    let error = write(&folder.at("none/a.npy"), &tensor, Existing::Refuse).unwrap_err();
    assert!(
        matches!(error, FileError::Io { doing: "write", .. }),
        "{error}"
    );
}

#[test]
fn broken_npy_files_are_refused_with_the_place() {
    let folder = Folder::new();
    let refusal = |bytes: &[u8]| folder.refusal("a.npy", bytes);
    let whole = plain("<f4", "(2, 3)", &[0; 24]);
    let header = whole.len() - 24;
    // Every length that is too short is refused, and the later ones with offset and counts.
    for length in 0..whole.len() {
        refusal(&whole[..length]);
    }
    let error = refusal(&whole[..whole.len() - 1]);
    assert!(
        error.contains("truncated") && error.contains("24 bytes"),
        "{error}"
    );
    assert!(
        error.contains(&format!("offset {header}, but 23")),
        "{error}"
    );
    let error = refusal(&[&whole[..], &[0]].concat());
    assert!(
        error.contains("goes on") && error.contains(&format!("offset {}", whole.len())),
        "{error}"
    );
    let mut version = whole.clone();
    version[6] = 9;
    assert!(refusal(&version).contains("version is 9"));
    assert!(refusal(b"PNG, no array at all").contains("PNG"));
    assert!(refusal(b"").contains("no bytes"));
    for descr in ["<c8", "|O", "<U3", "<M8[s]", "=f4", "|f4", "f4", "", "<f16"] {
        let error = refusal(&plain(descr, "(1,)", &[0; 16]));
        assert!(error.contains("elements of type"), "{descr}: {error}");
    }
    let fields = npy(
        1,
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
        &[0; 4],
    );
    assert!(refusal(&fields).contains("[('a', '<f4')]"));
    let nested = npy(2, &"(".repeat(60_000), &[]);
    assert!(refusal(&nested).contains("broken header"));
}

#[test]
fn hostile_sizes_take_no_memory() {
    let folder = Folder::new();
    for shape in [
        "(4611686018427387904, 4)",
        "(9223372036854775807,)",
        "(18446744073709551615,)",
        "(4294967296, 4294967296, 4294967296)",
    ] {
        let error = folder.refusal("a.npy", &plain("<f8", shape, &[0; 8]));
        assert!(error.contains("does not fit"), "{shape}: {error}");
    }
    // 2^52 elements of 8 bytes can be counted, but the file does not hold them.
    let error = folder.refusal("a.npy", &plain("<f8", "(4503599627370496,)", &[0; 8]));
    assert!(error.contains("truncated"), "{error}");
    let mut endless = npy(2, "{}", &[]);
    endless[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(
        folder
            .refusal("a.npy", &endless)
            .contains("4294967295 bytes")
    );
    let mut endless = safetensors("{}", &[]);
    endless[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(
        folder
            .refusal("a.safetensors", &endless)
            .contains("it claims 18446744073709551615 bytes")
    );
}

#[test]
fn integers_that_no_f64_equals_are_refused() {
    let folder = Folder::new();
    let bytes = [&1i64.to_le_bytes()[..], &((1i64 << 53) + 1).to_le_bytes()].concat();
    let error = folder.refusal("a.npy", &plain("<i8", "(2,)", &bytes));
    assert!(error.contains("element 1 is 9007199254740993"), "{error}");
    for value in [u64::MAX, u64::MAX - 1] {
        let error = folder.refusal("a.npy", &plain("<u8", "(1,)", &value.to_le_bytes()));
        assert!(error.contains(&value.to_string()), "{error}");
    }
    let error = folder.refusal("a.npy", &plain("<i8", "(1,)", &i64::MAX.to_le_bytes()));
    assert!(error.contains(&i64::MAX.to_string()), "{error}");
    assert!(
        folder
            .read("a.npy", &plain("<i8", "(1,)", &i64::MIN.to_le_bytes()))
            .is_ok()
    );
}

#[test]
fn safetensors_types_names_and_unaligned_offsets() {
    let folder = Folder::new();
    // One byte first, so that everything after it is unaligned.
    let header = r#"{"__metadata__":{"format":"pt"},
        "a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},
        "b":{"dtype":"BF16","shape":[2],"data_offsets":[1,5]},
        "c":{"dtype":"F32","shape":[1,1],"data_offsets":[5,9]},
        "d":{"dtype":"F64","shape":[],"data_offsets":[9,17]},
        "e":{"dtype":"F16","shape":[1],"data_offsets":[17,19]},
        "f":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[19,20]}}"#;
    let mut data = vec![7, 0x80, 0x3f, 0x20, 0xc0];
    data.extend(2.5f32.to_le_bytes());
    data.extend(0.1f64.to_le_bytes());
    data.extend([0x00, 0x3c, 0x00]);
    let error = folder.refusal("m.safetensors", &safetensors(header, &data));
    assert!(
        error.contains("\"a\", \"b\"") && error.contains("m.safetensors:NAME"),
        "{error}"
    );
    let get = |name: &str| read(&folder.at(&format!("m.safetensors:{name}")));
    assert_eq!(get("a").unwrap().elements, f32s(&[7.0]));
    assert_eq!(get("b").unwrap().elements, f32s(&[1.0, -2.5]));
    assert_eq!(get("c").unwrap().shape, [1, 1]);
    assert_eq!(get("c").unwrap().elements, f32s(&[2.5]));
    assert_eq!(get("d").unwrap().elements, f64s(&[0.1]));
    assert_eq!(get("e").unwrap().elements, f32s(&[1.0]));
    let error = get("f").unwrap_err().to_string();
    assert!(
        error.contains("m.safetensors:f") && error.contains("F8_E4M3"),
        "{error}"
    );
    let error = get("z").unwrap_err().to_string();
    assert!(error.contains("no tensor \"z\""), "{error}");
}

#[test]
fn broken_safetensors_are_refused_with_the_place() {
    let folder = Folder::new();
    let refusal =
        |header: &str, data: &[u8]| folder.refusal("m.safetensors", &safetensors(header, data));
    let good = r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    let whole = safetensors(good, &[0; 8]);
    for length in 0..whole.len() {
        folder.refusal("m.safetensors", &whole[..length]);
    }
    let error = refusal(good, &[0; 7]);
    assert!(
        error.contains("truncated") && error.contains("but 7 do"),
        "{error}"
    );
    let error = refusal(
        r#"{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#,
        &[0; 8],
    );
    assert!(
        error.contains("data_offsets [0, 8]") && error.contains("12 bytes"),
        "{error}"
    );
    for header in [
        r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
        r#"{"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#,
        r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[18446744073709551608,18446744073709551615]}}"#,
        r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[18446744073709551600,18446744073709551608]}}"#,
        r#"{"w":{"dtype":"F32","shape":[2]}}"#,
        r#"{"w":{"dtype":"X1","shape":[2],"data_offsets":[0,8]}}"#,
        "{]",
    ] {
        refusal(header, &[0; 8]);
    }
    assert!(refusal("{}", &[]).contains("no named tensor"));
}

fn zip_of(path: &Path, members: &[(&str, Vec<u8>)], method: zip::CompressionMethod) {
    let mut writer = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(method)
        .large_file(true);
    for (name, bytes) in members {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn npz_members_stored_and_deflated() {
    let folder = Folder::new();
    let members = [
        ("x.npy", plain("<f4", "(1,)", &1f32.to_le_bytes())),
        ("w.npy", plain("<f8", "(1,)", &2f64.to_le_bytes())),
    ];
    for method in [
        zip::CompressionMethod::Stored,
        zip::CompressionMethod::Deflated,
    ] {
        zip_of(&folder.path("m.npz"), &members, method);
        assert_eq!(read(&folder.at("m.npz:x")).unwrap().elements, f32s(&[1.0]));
        assert_eq!(read(&folder.at("m.npz:w")).unwrap().elements, f64s(&[2.0]));
        let error = read(&folder.at("m.npz")).unwrap_err().to_string();
        assert!(
            error.contains("m.npz:NAME") && error.contains("\"w\""),
            "{error}"
        );
        let error = read(&folder.at("m.npz:q")).unwrap_err().to_string();
        assert!(error.contains("\"q\""), "{error}");
        let bytes = std::fs::read(folder.path("m.npz")).unwrap();
        for length in 3..bytes.len() {
            std::fs::write(folder.path("m.npz"), &bytes[..length]).unwrap();
            assert!(
                read(&folder.at("m.npz:w")).is_err(),
                "{length} of {} bytes",
                bytes.len()
            );
        }
    }
    zip_of(
        &folder.path("one.npz"),
        &members[..1],
        zip::CompressionMethod::Stored,
    );
    assert_eq!(read(&folder.at("one.npz")).unwrap().elements, f32s(&[1.0]));
}

#[test]
fn a_deflated_member_that_claims_more_than_it_holds_is_truncated() {
    let folder = Folder::new();
    let member = plain("<f8", "(1000000000000,)", &[0; 8000]);
    zip_of(
        &folder.path("m.npz"),
        &[("x.npy", member)],
        zip::CompressionMethod::Deflated,
    );
    let error = read(&folder.at("m.npz:x")).unwrap_err().to_string();
    assert!(
        error.contains("m.npz:x is truncated") && error.contains("but 8000 do"),
        "{error}"
    );
}

#[test]
fn missing_files_and_folders_are_named() {
    let folder = Folder::new();
    let error = read(&folder.at("none.npy")).unwrap_err().to_string();
    assert!(
        error.contains("cannot open") && error.contains("none.npy"),
        "{error}"
    );
    let error = read(&Location::parse(folder.0.path().as_os_str()))
        .unwrap_err()
        .to_string();
    assert!(error.contains("folder"), "{error}");
    std::fs::write(folder.path("a.npy"), plain("<f4", "()", &[0; 4])).unwrap();
    let named = format!("{}:x", folder.path("a.npy").display());
    let error = read(&Location::parse(OsStr::new(&named)))
        .unwrap_err()
        .to_string();
    assert!(error.contains("\"x\""), "{error}");
}

#[test]
fn matrix_market_counts_from_one() {
    let folder = Folder::new();
    let at = folder.at("c.mtx");
    write_matrix_market(&at, [2, 3], &[(0, 0, 1.0), (1, 2, -0.5)], Existing::Refuse).unwrap();
    let text = std::fs::read_to_string(folder.path("c.mtx")).unwrap();
    assert_eq!(
        text,
        "%%MatrixMarket matrix coordinate real general\n2 3 2\n1 1 1.0\n2 3 -0.5\n"
    );
}

#[test]
fn a_memory_limit_is_kept_before_memory_is_taken() {
    let folder = Folder::new();
    let bytes: Vec<u8> = (0..10).flat_map(|n| (n as f32).to_le_bytes()).collect();
    let c = plain("<f4", "(10,)", &bytes);
    let fortran = npy(
        1,
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 5), }",
        &bytes,
    );
    let safe = safetensors(
        r#"{"w":{"dtype":"F32","shape":[10],"data_offsets":[0,40]}}"#,
        &bytes,
    );
    for (name, file, needs) in [
        ("a.npy", c, 40),
        ("f.npy", fortran, 80),
        ("w.safetensors", safe, 40),
    ] {
        std::fs::write(folder.path(name), file).unwrap();
        assert!(read_within(&folder.at(name), needs).is_ok(), "{name}");
        let error = read_within(&folder.at(name), needs - 1)
            .unwrap_err()
            .to_string();
        assert!(error.contains(&format!("takes {needs} bytes")), "{error}");
    }
}

#[test]
fn no_changed_byte_of_an_archive_changes_a_value() {
    let folder = Folder::new();
    let values: Vec<f32> = (0..200).map(|n| n as f32).collect();
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let member = plain("<f4", "(200,)", &bytes);
    for method in [
        zip::CompressionMethod::Stored,
        zip::CompressionMethod::Deflated,
    ] {
        zip_of(&folder.path("m.npz"), &[("x.npy", member.clone())], method);
        let whole = std::fs::read(folder.path("m.npz")).unwrap();
        for place in 2..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 0x55;
            if let Ok(found) = folder.read("m.npz", &changed) {
                assert_eq!(
                    found.elements,
                    Elements::F32(values.clone()),
                    "byte {place}"
                );
            }
        }
    }
}

#[test]
fn no_changed_byte_of_a_header_ends_in_a_panic() {
    let folder = Folder::new();
    let header = r#"{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#;
    let files = [
        ("a.npy", plain("<f4", "(2, 3)", &[1; 24])),
        ("a.safetensors", safetensors(header, &[1; 24])),
    ];
    for (name, whole) in files {
        for place in 0..whole.len() - 24 {
            for change in [0x01, 0x02, 0x10, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[place] ^= change;
                if let Ok(found) = folder.read(name, &changed) {
                    let elements: usize = found.shape.iter().product();
                    assert_eq!(elements, found.elements.len(), "byte {place}");
                }
            }
        }
    }
}
