//! Draws curves into an SVG file: times by percentile, or figures over time.

use std::path::Path;

use plotters::prelude::*;

use crate::error::{During as _, Result};

/// What the horizontal axis is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// Per cent, the last of them drawn wide: each nine takes as much as the one before. Upwards milliseconds.
    #[default]
    Percentiles,
    /// Seconds since the beginning. Upwards each line by its own greatest, which its name says: they are of different units.
    Course,
}

/// Lines with their names.
#[derive(Debug, Default)]
pub struct Curves {
    pub kind: Kind,
    pub lines: Vec<(String, Vec<(f64, f64)>)>,
}

const SIZE: (u32, u32) = (960, 540);
/// How many nines are drawn.
const NINES: f64 = 5.0;
const COLOURS: [RGBColor; 8] = [
    RGBColor(31, 119, 180),
    RGBColor(214, 39, 40),
    RGBColor(44, 160, 44),
    RGBColor(148, 103, 189),
    RGBColor(255, 127, 14),
    RGBColor(23, 190, 207),
    RGBColor(140, 86, 75),
    RGBColor(127, 127, 127),
];

/// # Errors
/// The file cannot be written.
pub fn draw(file: &Path, title: &str, curves: &Curves) -> Result {
    let lines = placed(curves);
    let greatest = |pick: fn(&(f64, f64)) -> f64| {
        let points = lines.iter().flat_map(|(_, points)| points);
        points.map(pick).fold(0.0, f64::max).max(f64::MIN_POSITIVE)
    };
    let (right, top) = (greatest(|point| point.0), greatest(|point| point.1));
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    let failed = format!("{}", file.display());
    area.fill(&WHITE).during(&failed)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(70)
        .build_cartesian_2d(0.0..right, 0.0..top * 1.05)
        .during(&failed)?;
    let (below, beside) = match curves.kind {
        Kind::Percentiles => ("percentile", "ms"),
        Kind::Course => ("seconds", "of the greatest"),
    };
    let name = |x: &f64| match curves.kind {
        Kind::Percentiles => format!("{:.3}", 100.0 - 100.0 / 10_f64.powf(*x)),
        Kind::Course => format!("{x:.0}"),
    };
    let mut mesh = chart.configure_mesh();
    mesh.x_desc(below).y_desc(beside).x_label_formatter(&name).draw().during(&failed)?;
    for ((name, points), colour) in lines.into_iter().zip(COLOURS.iter().cycle()) {
        let drawn = chart.draw_series(LineSeries::new(points, colour)).during(&failed)?;
        drawn.label(name).legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour));
    }
    let mut legend = chart.configure_series_labels();
    legend.position(SeriesLabelPosition::UpperLeft).border_style(BLACK).background_style(WHITE.mix(0.8));
    legend.draw().during(&failed)?;
    area.present().during(&failed)
}

/// The lines as they are drawn.
fn placed(curves: &Curves) -> Vec<(String, Vec<(f64, f64)>)> {
    let line = |(name, points): &(String, Vec<(f64, f64)>)| match curves.kind {
        Kind::Percentiles => {
            let nines = |percent: f64| -(1.0 - percent / 100.0).max(10_f64.powf(-NINES)).log10();
            (name.clone(), points.iter().map(|(percent, ms)| (nines(*percent), *ms)).collect())
        }
        Kind::Course => {
            let most = points.iter().map(|point| point.1).fold(f64::MIN_POSITIVE, f64::max);
            (format!("{name}, up to {most:.1}"), points.iter().map(|(x, y)| (*x, y / most)).collect())
        }
    };
    curves.lines.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Curves, Kind, draw, placed};

    #[test]
    fn a_plot_has_its_lines_and_their_names() {
        let file = std::env::temp_dir().join(format!("ewsload-plot-{}.svg", std::process::id()));
        let lines = vec![("lmtp & co".to_owned(), vec![(0.0, 0.1), (50.0, 0.2), (99.0, 0.5), (100.0, 4.0)])];
        draw(&file, "wake", &Curves { kind: Kind::Percentiles, lines }).unwrap();
        let svg = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("<polyline") && svg.contains("lmtp &amp; co"), "{svg:.2000}");
        assert!(draw(std::path::Path::new("/nowhere/x.svg"), "", &Curves::default()).is_err());
    }

    #[test]
    fn each_nine_is_as_wide_as_the_one_before_and_a_course_ends_at_one() {
        let percentiles = vec![("a".to_owned(), vec![(90.0, 1.0), (99.0, 2.0), (100.0, 3.0)])];
        let line = placed(&Curves { kind: Kind::Percentiles, lines: percentiles }).remove(0).1;
        let xs: Vec<f64> = line.iter().map(|point| (point.0 * 1e6).round() / 1e6).collect();
        assert_eq!(xs, [1.0, 2.0, 5.0]);
        let course = vec![("pss_kb".to_owned(), vec![(0.0, 50.0), (60.0, 200.0)])];
        let (name, line) = placed(&Curves { kind: Kind::Course, lines: course }).remove(0);
        assert_eq!((name.as_str(), line.as_slice()), ("pss_kb, up to 200.0", &[(0.0, 0.25), (60.0, 1.0)][..]));
    }
}
