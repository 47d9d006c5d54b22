-- The queue shows the most urgent of the open hits, however many newer ones there are.
CREATE INDEX hits_waiting ON hits (
    (CASE priority WHEN 'high' THEN 0 WHEN 'medium' THEN 1 ELSE 2 END), captured_at DESC, hit_id DESC
) WHERE state IN ('new', 'seen', 'verified', 'confirmed') AND NOT past;

-- The hits of a camera, of a list and of a plate, whose search else read every hit.
CREATE INDEX hits_by_camera ON hits (camera_id, captured_at DESC, hit_id DESC);
CREATE INDEX hits_by_list ON hits (list_name, captured_at DESC, hit_id DESC);
CREATE INDEX hits_by_plate ON hits USING gin (
    (ARRAY[document -> 'read' ->> 'plate', document -> 'entry' ->> 'plate', document ->> 'matched'])
);
