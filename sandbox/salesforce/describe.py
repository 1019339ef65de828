"""What `describe` answers for an object, and the list of all."""

from typing import Any

from sandbox.salesforce.records import Records
from sandbox.salesforce.schema import NUMBERS, Field, SObject

_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}


def describe_global(records: Records, version: str) -> dict[str, Any]:
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [basic(made, version) for made in records.schema.objects.values()],
    }


def basic(made: SObject, version: str) -> dict[str, Any]:
    label = made.label or made.name.removesuffix("__c").replace("_", " ")
    root = f"/services/data/v{version}/sobjects/{made.name}"
    return {
        "name": made.name,
        "label": label,
        "labelPlural": f"{label}s",
        "keyPrefix": made.key_prefix,
        "custom": made.custom,
        "customSetting": False,
        "activateable": False,
        "createable": made.createable,
        "deletable": made.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "layoutable": True,
        "mergeable": False,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": True,
        "triggerable": True,
        "undeletable": made.deletable,
        "updateable": made.createable,
        "urls": {"sobject": root, "describe": f"{root}/describe", "rowTemplate": root + "/{ID}"},
    }


def describe(made: SObject, records: Records, version: str) -> dict[str, Any]:
    visible = [each for name, each in made.fields.items() if records.visible(made, name) is not None]
    return basic(made, version) | {
        "fields": [_field(each, made) for each in visible],
        "childRelationships": [
            {
                "childSObject": child.object_name,
                "field": child.field_name,
                "relationshipName": child.relationship,
                "cascadeDelete": False,
                "restrictedDelete": False,
                "deprecatedAndHidden": False,
            }
            for child in records.schema.children(made.name)
        ],
        "recordTypeInfos": [],
        "supportedScopes": [{"label": f"All {made.name}", "name": "everything"}],
    }


def _field(field: Field, made: SObject) -> dict[str, Any]:
    number = field.type in NUMBERS
    plain = field.formula is None
    return {
        "name": field.name,
        "label": field.name.removesuffix("__c").replace("_", " "),
        "type": field.type,
        "soapType": _SOAP.get(field.type, "xsd:string"),
        "length": field.length,
        "byteLength": field.length * 3,
        "precision": field.precision,
        "scale": field.scale if number else 0,
        "digits": 8 if field.type == "int" else 0,
        "nillable": field.nillable,
        "createable": field.createable,
        "updateable": field.updateable,
        "unique": field.unique,
        "externalId": field.external_id,
        "idLookup": field.external_id or field.type == "id",
        "caseSensitive": False,
        "custom": field.custom,
        "calculated": not plain and field.custom,
        "autoNumber": field.auto_number is not None,
        "nameField": field.name == made.name_field,
        "defaultValue": field.default if isinstance(field.default, bool) else None,
        "defaultedOnCreate": field.default is not None or field.auto_number is not None,
        "filterable": field.type != "address" and not (field.type == "textarea" and field.length > 255),
        "sortable": field.type not in ("address", "textarea"),
        "groupable": field.type not in ("address", "textarea", *NUMBERS),
        "picklistValues": [
            {"active": True, "defaultValue": each == field.default, "label": each, "value": each}
            for each in field.values
        ],
        "restrictedPicklist": field.restricted,
        "referenceTo": list(field.references),
        "relationshipName": field.relationship,
        "permissionable": field.nillable and field.type != "id",
        "deprecatedAndHidden": False,
        "encrypted": False,
    }  # fmt: skip
