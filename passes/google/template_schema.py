"""`classTemplateInfo` in types: which members a pass shows where (specs: google.md §2)."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from passes.google.schema import Filled, Part

DateFormat = Literal[
    "DATE_TIME",
    "DATE_ONLY",
    "TIME_ONLY",
    "DATE_TIME_YEAR",
    "DATE_YEAR",
    "YEAR_MONTH",
    "YEAR_MONTH_DAY",
]


class FieldReference(Part, frozen=True, kw_only=True):
    """A member to be shown, `object.textModulesData['pts']`."""

    field_path: Filled
    date_format: DateFormat | UnsetType = UNSET


class FieldSelector(Part, frozen=True, kw_only=True):
    """The first of these that is there."""

    fields: list[FieldReference]


class TemplateItem(Part, frozen=True, kw_only=True):
    """One place of a template."""

    first_value: FieldSelector | UnsetType = UNSET
    second_value: FieldSelector | UnsetType = UNSET


class RowOneItem(Part, frozen=True, kw_only=True):
    """A row of one."""

    item: TemplateItem


class RowTwoItems(Part, frozen=True, kw_only=True):
    """A row of two."""

    start_item: TemplateItem | UnsetType = UNSET
    end_item: TemplateItem | UnsetType = UNSET


class RowThreeItems(RowTwoItems, frozen=True, kw_only=True):
    """A row of three."""

    middle_item: TemplateItem | UnsetType = UNSET


class CardRow(Part, frozen=True, kw_only=True):
    """A row of the card."""

    one_item: RowOneItem | UnsetType = UNSET
    two_items: RowTwoItems | UnsetType = UNSET
    three_items: RowThreeItems | UnsetType = UNSET


class CardTemplate(Part, frozen=True, kw_only=True):
    """The front."""

    card_row_template_infos: list[CardRow]


class BarcodeDetail(Part, frozen=True, kw_only=True):
    """What stands beside the code."""

    field_selector: FieldSelector


class BarcodeSection(Part, frozen=True, kw_only=True):
    """What stands around the code."""

    first_top_detail: BarcodeDetail | UnsetType = UNSET
    first_bottom_detail: BarcodeDetail | UnsetType = UNSET
    second_top_detail: BarcodeDetail | UnsetType = UNSET


class DetailsTemplate(Part, frozen=True, kw_only=True):
    """The details below the card."""

    details_item_infos: list[RowOneItem]


class FirstRow(Part, frozen=True, kw_only=True):
    """The first row in the list of passes."""

    field_option: FieldSelector


class ListTemplate(Part, frozen=True, kw_only=True):
    """The rows in the list of passes."""

    first_row_option: FirstRow | UnsetType = UNSET
    second_row_option: FieldSelector | UnsetType = UNSET


class ClassTemplate(Part, frozen=True, kw_only=True):
    """Which members are shown where."""

    card_template_override: CardTemplate | UnsetType = UNSET
    card_barcode_section_details: BarcodeSection | UnsetType = UNSET
    details_template_override: DetailsTemplate | UnsetType = UNSET
    list_template_override: ListTemplate | UnsetType = UNSET
