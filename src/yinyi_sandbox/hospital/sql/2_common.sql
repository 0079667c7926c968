-- What the procedures share. Names that end in _ are the hospital's own and not granted to anybody.

CREATE FUNCTION his.instant_() RETURNS timestamptz LANGUAGE sql VOLATILE AS
$$ SELECT clock_timestamp() + shift FROM his.clock $$;
COMMENT ON FUNCTION his.instant_ IS 'The hospital''s clock. It and set_clock_ alone read the machine''s.';

CREATE FUNCTION his.set_clock_(p_at timestamptz) RETURNS void LANGUAGE sql AS
$$ UPDATE his.clock SET shift = p_at - clock_timestamp() $$;

CREATE FUNCTION his.today_() RETURNS date LANGUAGE sql VOLATILE AS
$$ SELECT (his.instant_() AT TIME ZONE 'Asia/Shanghai')::date $$;

-- The code to refuse with, or null. Sequences count, because they count even when the call is rolled back.
CREATE FUNCTION his.refused_(p_procedure text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_refusal his.refusal;
BEGIN
    SELECT * INTO v_refusal FROM his.refusal WHERE procedure = p_procedure;
    IF FOUND AND nextval(format('his.refused_%s', p_procedure)::regclass) <= v_refusal.times THEN
        RETURN v_refusal.code;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION his.refuse_reading_(p_procedure text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_code text := his.refused_(p_procedure);
BEGIN
    IF v_code IS NOT NULL THEN
        RAISE EXCEPTION 'HIS %', v_code;
    END IF;
END $$;

CREATE FUNCTION his.message_(p_code text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_code
        WHEN '0'   THEN '成功'
        WHEN 'N00' THEN '无此流水号'
        WHEN 'N01' THEN '号源已被占用'
        WHEN 'N02' THEN '该患者本班次已有此医生的号'
        WHEN 'N03' THEN '医生停诊'
        WHEN 'N04' THEN '已截止挂号'
        WHEN 'N05' THEN '锁号已失效'
        WHEN 'N06' THEN '流水号重复'
        WHEN 'N07' THEN '金额不符'
        WHEN 'N08' THEN '已由另一笔支付确认'
        WHEN 'N09' THEN '无此排班'
        WHEN 'N10' THEN '未到取号时间'
        WHEN 'N11' THEN '已过取号时间'
        WHEN 'N12' THEN '已取号'
        WHEN 'P01' THEN '无此患者'
        WHEN 'P02' THEN '证件与姓名不符'
        WHEN 'P03' THEN '患者信息不完整'
        WHEN 'B01' THEN '无此缴费单'
        WHEN 'B02' THEN '缴费单已作废'
        WHEN 'B03' THEN '缴费单已缴费'
        WHEN 'B04' THEN '缴费单已变更'
        WHEN 'B05' THEN '正在他处缴费'
        WHEN 'B06' THEN '不是同一患者的缴费单'
        WHEN 'B07' THEN '项目已执行'
        WHEN 'B08' THEN '已退费'
        WHEN 'B09' THEN '尚未缴费'
        WHEN 'B10' THEN '无此费用明细'
        WHEN 'D01' THEN '无此住院'
        WHEN 'D02' THEN '已出院结算'
        WHEN 'D03' THEN '金额超出限额'
        WHEN 'D04' THEN '余额不足'
        WHEN 'D05' THEN '尚未出院结算'
        WHEN 'D06' THEN '无此预交金'
        WHEN 'E01' THEN '电子票据尚未开具'
        WHEN 'E02' THEN '可冲红金额不足'
        WHEN 'S01' THEN '系统忙'
        ELSE '其他错误' END
$$;
