-- Whether an entry of a plate is listed is asked by text as well; patterns are few and looked at one by one.
CREATE INDEX hotlist_entries_by_plate ON hotlist_entries (plate);
CREATE INDEX hotlist_entries_wild ON hotlist_entries (plate) WHERE plate ~ '[?*]';

-- The bus is told where the changes of a revision begin and end, so that matchers switch to it as a whole.
ALTER TABLE hotlist_outbox ADD COLUMN complete boolean;
