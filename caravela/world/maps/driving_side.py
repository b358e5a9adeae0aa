"""Which side of the road a place drives on. OpenStreetMap does not say it and netconvert must be told. Left-hand
countries as rough polygons of (latitude, longitude); right-hand neighbours that fall inside are cut out. Good to some
kilometres at land borders: near one, give the side yourself."""

Polygon = tuple[tuple[float, float], ...]


def _box(south: float, west: float, north: float, east: float) -> Polygon:
    return ((south, west), (south, east), (north, east), (north, west))


LEFT: dict[str, tuple[Polygon, ...]] = {
    "Great Britain, Ireland, Man": (
        (
            (49.8, -6.6),
            (50.3, 0.0),
            (50.85, 1.2),
            (51.2, 1.6),
            (51.6, 1.9),
            (52.6, 2.2),
            (53.2, 1.0),
            (55.9, -1.0),
            (61.2, 0.0),
            (61.2, -9.5),
            (51.2, -11.0),
        ),
    ),
    "Jersey, Guernsey": (_box(49.1, -2.8, 49.8, -1.95),),
    "Malta": (_box(35.75, 14.1, 36.1, 14.6),),
    "Cyprus": (_box(34.5, 32.2, 35.75, 34.65),),
    "Australia": (_box(-44.0, 112.5, -10.6, 154.0),),
    "New Zealand": (_box(-48.0, 166.0, -34.0, 179.0),),
    "Japan": (
        (
            (30.0, 128.3),
            (34.15, 129.0),
            (34.8, 129.5),
            (36.5, 132.5),
            (38.5, 136.5),
            (41.3, 138.8),
            (45.7, 140.8),
            (45.7, 145.9),
            (43.0, 146.3),
            (35.0, 141.5),
            (30.0, 132.0),
        ),
        _box(24.0, 122.9, 30.0, 131.5),
        _box(24.0, 140.0, 34.0, 143.0),
    ),
    "India, Pakistan, Nepal, Bhutan, Bangladesh, Sri Lanka": (
        (
            (5.8, 79.3),
            (5.8, 82.2),
            (13.0, 80.8),
            (19.0, 85.5),
            (21.4, 89.0),
            (20.6, 92.3),
            (22.0, 92.7),
            (24.0, 94.2),
            (27.2, 97.2),
            (29.4, 96.2),
            (27.9, 91.7),
            (28.2, 88.8),
            (28.0, 86.0),
            (30.2, 81.5),
            (32.5, 79.0),
            (35.5, 79.5),
            (37.0, 74.6),
            (35.8, 71.5),
            (34.0, 71.0),
            (31.7, 69.3),
            (31.2, 66.5),
            (29.5, 66.3),
            (29.4, 61.0),
            (25.1, 61.6),
            (22.5, 67.5),
            (20.0, 72.0),
            (8.0, 76.4),
        ),
    ),
    "Andaman, Maldives": (_box(6.5, 92.0, 14.0, 94.3), _box(-1.0, 72.5, 7.5, 74.0)),
    "Thailand": (
        (
            (20.5, 100.1),
            (19.6, 100.5),
            (18.0, 101.2),
            (17.9, 102.6),
            (18.4, 103.4),
            (17.4, 104.8),
            (15.3, 105.6),
            (14.4, 104.9),
            (14.3, 103.0),
            (13.5, 102.4),
            (11.7, 102.9),
            (5.9, 101.9),
            (6.4, 99.6),
            (10.0, 98.4),
            (12.5, 99.3),
            (15.1, 98.4),
            (18.0, 97.4),
            (19.8, 98.0),
        ),
    ),
    "Malaysia, Singapore, Brunei": (
        _box(1.13, 99.6, 6.5, 104.6),
        ((0.9, 109.6), (1.5, 112.0), (1.4, 114.6), (4.3, 115.7), (4.2, 119.4), (7.4, 117.2), (2.2, 109.6)),
    ),
    "Indonesia, East Timor": (
        (
            (5.9, 95.0),
            (3.5, 99.5),
            (1.0, 103.3),
            (1.3, 104.8),
            (3.9, 108.4),
            (1.9, 109.3),
            (0.8, 110.5),
            (1.3, 114.5),
            (4.2, 115.9),
            (4.3, 118.0),
            (4.8, 127.0),
            (-2.0, 141.0),
            (-9.3, 141.0),
            (-11.1, 120.0),
            (-8.9, 112.0),
            (-6.0, 102.0),
        ),
    ),
    "Papua New Guinea, Solomon Islands": (_box(-11.8, 141.0, -1.0, 162.5),),
    "Fiji": (_box(-19.5, 176.5, -15.5, 180.0),),
    "Hong Kong": (_box(22.15, 113.83, 22.51, 114.45),),
    "Macao": (_box(22.1, 113.525, 22.217, 113.6),),
    "South Africa, Lesotho, Eswatini, Namibia, Botswana, Zimbabwe, Zambia, Malawi, Mozambique": (
        (
            (-35.2, 17.0),
            (-17.3, 11.6),
            (-17.4, 18.4),
            (-17.9, 21.4),
            (-16.2, 22.0),
            (-13.0, 22.0),
            (-13.0, 24.0),
            (-11.0, 24.0),
            (-11.6, 25.4),
            (-12.3, 27.6),
            (-13.4, 29.7),
            (-12.3, 29.8),
            (-12.0, 28.8),
            (-9.6, 28.5),
            (-8.4, 28.9),
            (-8.3, 30.8),
            (-9.3, 33.0),
            (-11.5, 34.5),
            (-11.6, 37.5),
            (-10.5, 40.7),
            (-16.0, 41.0),
            (-27.0, 33.5),
            (-34.5, 27.0),
        ),
    ),
    "Tanzania, Kenya, Uganda": (
        (
            (-10.5, 40.7),
            (-11.6, 37.5),
            (-11.5, 34.5),
            (-9.3, 33.0),
            (-8.3, 30.9),
            (-4.4, 29.6),
            (-3.3, 30.7),
            (-1.1, 30.5),
            (-1.4, 29.6),
            (0.9, 29.9),
            (3.6, 31.0),
            (3.8, 33.8),
            (5.0, 35.5),
            (4.3, 36.9),
            (3.5, 38.2),
            (4.0, 41.0),
            (-1.7, 41.6),
        ),
    ),
    "Mauritius, Seychelles": (_box(-20.6, 57.2, -19.9, 63.6), _box(-10.0, 46.0, -3.5, 56.5)),
    "Jamaica": (_box(17.6, -78.5, 18.6, -76.1),),
    "Bahamas, Turks and Caicos": (_box(20.9, -79.3, 27.4, -71.0),),
    "Bermuda": (_box(32.2, -64.95, 32.45, -64.6),),
    "Cayman Islands": (_box(19.2, -81.5, 19.8, -79.7),),
    "Virgin Islands": (_box(17.65, -65.1, 18.8, -64.2),),
    "Anguilla": (_box(18.15, -63.2, 18.3, -62.9),),
    "Saint Kitts and Nevis, Antigua, Montserrat": (_box(17.08, -62.9, 17.45, -62.5), _box(16.65, -62.3, 17.75, -61.6)),
    "Dominica": (_box(15.18, -61.5, 15.7, -61.2),),
    "Saint Lucia, Saint Vincent, Barbados, Grenada, Trinidad and Tobago": (
        _box(13.68, -61.1, 14.12, -60.85),
        _box(12.5, -61.5, 13.4, -61.1),
        _box(13.0, -59.7, 13.4, -59.4),
        _box(11.9, -61.85, 12.5, -61.3),
        _box(10.0, -61.75, 11.4, -60.5),
    ),
    "Guyana, Suriname": (((8.6, -60.0), (5.2, -61.4), (1.2, -59.8), (1.9, -56.0), (2.3, -54.6), (5.8, -53.95), (6.3, -56.0)),),
    "Falkland Islands": (_box(-52.6, -61.5, -50.9, -57.6),),
}
RIGHT: dict[str, tuple[Polygon, ...]] = {
    "France, Belgium, Netherlands": (
        ((49.6, -2.0), (50.15, 0.9), (50.95, 1.5), (51.3, 2.3), (53.0, 4.0), (53.0, 8.0), (48.0, 8.0), (48.0, -2.0)),
    ),
    "Korea": (_box(33.0, 124.5, 39.0, 128.9), _box(35.0, 128.0, 39.0, 129.65)),
}


def drives_left(latitude: float, longitude: float) -> bool:
    """Whether traffic keeps left at a place, degrees."""

    def within(countries: dict[str, tuple[Polygon, ...]]) -> bool:
        return any(_inside(latitude, longitude, polygon) for polygons in countries.values() for polygon in polygons)

    return within(LEFT) and not within(RIGHT)


def _inside(latitude: float, longitude: float, polygon: Polygon) -> bool:
    """Even-odd rule."""
    inside = False
    for (y0, x0), (y1, x1) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if (y0 > latitude) != (y1 > latitude) and longitude < x0 + (latitude - y0) / (y1 - y0) * (x1 - x0):
            inside = not inside
    return inside
