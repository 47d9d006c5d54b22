"""Countries of three letters (ISO 3166-1 alpha-3), as some cameras write them, to two."""

_PAIRS = """
ALB AL; AND AD; ARE AE; ARG AR; ARM AM; AUS AU; AUT AT; AZE AZ; BEL BE; BGR BG; BIH BA; BLR BY; BOL BO; BRA BR; CAN CA
CHE CH; CHL CL; CHN CN; COL CO; CRI CR; CYP CY; CZE CZ; DEU DE; DNK DK; ECU EC; EGY EG; ESP ES; EST EE; FIN FI; FRA FR
GBR GB; GEO GE; GRC GR; GTM GT; HKG HK; HND HN; HRV HR; HUN HU; IDN ID; IND IN; IRL IE; ISL IS; ISR IL; ITA IT; JOR JO
JPN JP; KAZ KZ; KEN KE; KOR KR; KWT KW; LIE LI; LTU LT; LUX LU; LVA LV; MAR MA; MCO MC; MDA MD; MEX MX; MKD MK; MLT MT
MNE ME; MYS MY; NGA NG; NIC NI; NLD NL; NOR NO; NZL NZ; OMN OM; PAN PA; PER PE; PHL PH; POL PL; PRT PT; PRY PY; QAT QA
ROU RO; RUS RU; SAU SA; SGP SG; SLV SV; SMR SM; SRB RS; SVK SK; SVN SI; SWE SE; THA TH; TUN TN; TUR TR; TWN TW; UKR UA
URY UY; USA US; VAT VA; VEN VE; VNM VN; ZAF ZA
"""
_TWO = dict(pair.split() for line in _PAIRS.strip().splitlines() for pair in line.split(";"))


def region_of(country: object, part: object = "") -> str | None:
    """Return an issuer as reads have it: `US-CA`, `DE`; None when it is not told, or not understood."""
    land, within = str(country or "").strip().upper(), str(part or "").strip().upper()
    land = _TWO.get(land, land)
    if len(within) > 3 and within[2] == "-":  # noqa: PLR2004  # the whole of ISO 3166-2
        return within if within[:2].isalpha() and len(within) <= 6 else None  # noqa: PLR2004
    if len(land) != 2 or not land.isalpha():  # noqa: PLR2004
        return None
    return f"{land}-{within}" if within.isalnum() and len(within) <= 3 else land  # noqa: PLR2004
